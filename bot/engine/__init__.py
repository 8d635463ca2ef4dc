"""The port to the understanding, and what stands behind it."""
