"""The web: a chat page and the HTTP interface behind it."""
