"""The clerk's page, /amt: sign in, see who waits, chat, and the messages that were left."""
