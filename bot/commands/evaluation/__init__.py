"""Measuring: questions whose answer is known, what was said to them, and the figures made of it."""
