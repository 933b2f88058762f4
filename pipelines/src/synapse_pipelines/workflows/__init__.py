"""Pipelines, one a file, and the ways to compile and run them."""
