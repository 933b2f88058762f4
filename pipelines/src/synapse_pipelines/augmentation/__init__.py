"""Rows that people did not write: templates, spelling tricks, paraphrases, translations, and what filters them."""
