"""What any model must beat: counting words, a list of words, a ready-made package."""
