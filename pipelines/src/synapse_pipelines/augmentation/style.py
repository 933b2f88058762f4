"""How people type: case, punctuation, accents and chat abbreviations. Changes no meaning."""

from __future__ import annotations

import random
import re
import unicodedata
from typing import Final

_OPENERS: Final = {
    "en": ("hey, ", "so ", "well, ", "ok ", "honestly, ", "lol ", "hi, "),
    "pt": ("olha, ", "então ", "bom, ", "oi, ", "olá, ", "mano, ", "pois "),
}
_CLOSERS: Final = {"en": (" lol", "!", "!!", " 🙂", "...", " tbh"), "pt": (" kkk", "!", "!!", " 🙂", "...", " né")}
_SHORT: Final = {
    "en": {"you": "u", "are": "r", "your": "ur", "please": "pls", "because": "cuz", "people": "ppl", "with": "w/"},
    "pt": {"você": "vc", "vocês": "vcs", "que": "q", "porque": "pq", "também": "tb", "não": "n", "muito": "mto"},
}
_WORD: Final = re.compile(r"\w+")


def vary(text: str, language: str, rng: random.Random) -> str:
    """Return `text` as another person might type it; about half of the texts stay as they are."""
    if rng.random() < 0.12:
        text = rng.choice(_OPENERS[language]) + text
    if rng.random() < 0.12:
        text = text.rstrip(".!") + rng.choice(_CLOSERS[language])
    if rng.random() < 0.08:
        short = _SHORT[language]
        text = _WORD.sub(lambda match: short.get(match[0], match[0]), text)
    if language == "pt" and rng.random() < 0.12:
        text = without_accents(text)
    style = rng.random()
    if style < 0.04:
        return text.upper()
    if style < 0.14:
        return text.lower()
    if style < 0.30:
        return text[:1].upper() + text[1:]
    if style < 0.36:
        return text.rstrip(".")
    return text


def without_accents(text: str) -> str:
    """Return `text` without accents and cedillas, as many type Portuguese in chat."""
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(char for char in parts if char not in "\u0301\u0303\u0302\u0300\u0327"))
