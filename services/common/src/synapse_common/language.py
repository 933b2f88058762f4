"""Which of the product's two languages a text is in."""

from __future__ import annotations

from functools import cache
from typing import Literal

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

LanguageCode = Literal["en", "pt", "und"]

_CODES: dict[Language, LanguageCode] = {Language.ENGLISH: "en", Language.PORTUGUESE: "pt"}
_LONGEST = 400  # characters read; more adds time and no certainty


@cache
def _detector() -> LanguageDetector:
    return LanguageDetectorBuilder.from_languages(*_CODES).with_minimum_relative_distance(0.1).build()


def detect_language(text: str) -> LanguageCode:
    """Return ``en`` or ``pt``, or ``und`` where the text does not say (too short, no words, other scripts).

    The first call loads the two language models (some tenths of a second); call it once at start-up.
    """
    found = _detector().detect_language_of(text[:_LONGEST])
    return "und" if found is None else _CODES[found]
