"""How a message lives, whatever the channel: inbox, turn, outbox."""
