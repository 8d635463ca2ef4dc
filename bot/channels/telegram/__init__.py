"""Telegram: updates in by long polling, answers out with python-telegram-bot."""
