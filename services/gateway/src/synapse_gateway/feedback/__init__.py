"""Ratings and reports: what a stored line holds, whose it is, and how it gets to disk."""
