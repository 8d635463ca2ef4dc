"""Telegram: messages in by long polling or webhook, answers out, through python-telegram-bot."""

import os

os.environ.setdefault("PTB_TIMEDELTA", "true")  # else python-telegram-bot warns at every pause it is told to make
