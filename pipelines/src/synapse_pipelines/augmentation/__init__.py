"""Rows that people did not write: sentence templates, spelling tricks, paraphrases, translations, and what filters them."""
