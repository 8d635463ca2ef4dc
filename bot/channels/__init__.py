"""Channels: each turns its own format into messages and blocks into its own form."""
