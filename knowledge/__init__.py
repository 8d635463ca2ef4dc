"""The truth about services, offices, places and responsibility; knows neither web nor Rasa."""
