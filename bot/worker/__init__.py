"""The only code that imports Rasa. Runs on Python 3.10, holds no state: a turn is a function of its request."""
