"""Removal of characters that nobody sees."""

from __future__ import annotations

import unicodedata

# Controls, format characters (zero-width, bidirectional) and lone surrogates: they hide words from people and models.
_REMOVED_CATEGORIES = frozenset({"Cc", "Cf", "Cs"})
_KEPT = frozenset("\n\r\t")


def clean(text: str) -> str:
    """Remove control, zero-width and bidirectional characters; line breaks and tabs stay.

    Cleaning a text piece by piece gives the same as cleaning it whole.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if char in _KEPT or unicodedata.category(char) not in _REMOVED_CATEGORIES)
