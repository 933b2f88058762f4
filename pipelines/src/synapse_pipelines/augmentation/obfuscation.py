"""Spelling tricks that hide words from a filter, to train on and to attack with. The inverse is `deobfuscate`."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

_LEET: Final = str.maketrans("aeiostAEIOST", "431057431057")
_SIGNS: Final = str.maketrans("asiASI", "@$!@$!")
_LOOKALIKES: Final = str.maketrans("aceiopxy", "асеіорху")
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_ZERO_WIDTH: Final = "\u200b"


def _inside(word: str, rng: random.Random) -> int:
    return rng.randrange(1, len(word) - 1)


def _leet(word: str, rng: random.Random) -> str:
    return word[0] + word[1:-1].translate(rng.choice((_LEET, _SIGNS))) + word[-1]


def _lookalike(word: str, _: random.Random) -> str:
    return word[0] + word[1:].translate(_LOOKALIKES)


def _spaced(word: str, rng: random.Random) -> str:
    return rng.choice(" .-_*").join(word) if len(word) > 3 else word


def _zero_width(word: str, _: random.Random) -> str:
    return _ZERO_WIDTH.join(word)


def _drawn_out(word: str, rng: random.Random) -> str:
    at = _inside(word, rng)
    return word[:at] + word[at] * rng.randrange(3, 6) + word[at + 1 :]


def _swapped(word: str, rng: random.Random) -> str:
    if len(word) < 4:
        return word
    at = rng.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _dropped(word: str, rng: random.Random) -> str:
    at = _inside(word, rng)
    return word[:at] + word[at + 1 :] if len(word) > 3 else word


def _masked(word: str, rng: random.Random) -> str:
    at = _inside(word, rng)
    return word[:at] + "*" + word[at + 1 :]


TRICKS: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "leetspeak": _leet,
    "look-alikes": _lookalike,
    "spaced": _spaced,
    "zero width": _zero_width,
    "drawn out": _drawn_out,
    "swapped letters": _swapped,
    "dropped letter": _dropped,
    "masked letter": _masked,
}
"""One word in, the word hidden out; words have three letters or more."""


def obfuscate(text: str, rng: random.Random, *, share: float = 0.5, trick: str | None = None) -> str:
    """Return `text` with about `share` of its words hidden by one trick: `trick`, or one drawn by `rng`.

    At least one word of three letters or more is changed, where there is one.

    Raises:
        KeyError: there is no such trick.
    """
    hide = TRICKS[trick or rng.choice(sorted(TRICKS))]
    words = list(_WORD.finditer(text))
    if not words:
        return text
    chosen = {match.start() for match in words if rng.random() < share} or {rng.choice(words).start()}
    return _WORD.sub(lambda match: hide(match[0], rng) if match.start() in chosen else match[0], text)


def without_spaces(text: str, rng: random.Random) -> str:
    """Return `text` with two to four neighbouring words run together."""
    words = text.split(" ")
    if len(words) < 2:
        return text
    count = min(len(words), rng.randrange(2, 5))
    at = rng.randrange(len(words) - count + 1)
    return " ".join([*words[:at], "".join(words[at : at + count]), *words[at + count :]])
