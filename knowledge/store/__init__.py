"""The knowledge in a database: what staff edit, what was published, who changed what."""
