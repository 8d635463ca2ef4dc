"""Measures how well and at what cost questions are understood; run by `lotse bench`, in the worker's environment."""
