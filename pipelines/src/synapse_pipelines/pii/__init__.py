"""Masking of personal data in training texts."""
