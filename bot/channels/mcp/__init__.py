"""Lotse for people's own assistants: read-only tools over the Model Context Protocol."""
