"""Where personal data stands in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from synapse_common.pii.clues import CLUED, find_after_clues
from synapse_common.pii.patterns import AFTER_CLUES, BEFORE_CLUES, LONG_NUMBER, WITHOUT_DIGITS, Look

Found = tuple[str, int, int]
"""Type, start, end (exclusive)."""

_PLAIN: Final = str.maketrans(
    {
        # Unicode's space separators (category Zs) and hyphens that look like the plain one.
        **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000", " "),
        **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
        **dict.fromkeys("\u2010\u2011\u2012", "-"),
    }
)
TYPES: Final = tuple(dict.fromkeys(look.type for look in (*WITHOUT_DIGITS, *BEFORE_CLUES, *CLUED, *AFTER_CLUES)))
"""What can be found."""

_ADDRESS_SIGN: Final = re.compile(r"@|://|www\.", re.IGNORECASE)
_DIGIT: Final = re.compile(r"[\d:]")  # or a colon: "::1" has one digit, "dead:beef::" would have none


def plain(text: str) -> str:
    """`text` as the patterns read it: every kind of space and hyphen as the plain one. As long as `text`."""
    return text if text.isascii() else text.translate(_PLAIN)


def find_entities(text: str) -> list[Found]:
    """Type, start and end of every piece of personal data, in order of appearance, without overlaps."""
    text = plain(text)
    found: list[Found] = []
    taken = bytearray(len(text))
    for kind, start, end in _candidates(text, taken):
        if 1 not in taken[start:end]:
            found.append((kind, start, end))
            taken[start:end] = b"\1" * (end - start)
    return sorted(found, key=lambda item: item[1])


def _candidates(text: str, taken: bytearray) -> Iterator[Found]:
    """All valid matches, those of more precedence first; `taken` marks what is found while this goes on."""
    if _ADDRESS_SIGN.search(text):
        for look in WITHOUT_DIGITS:
            yield from _spans(look, text, taken)
    if _DIGIT.search(text):
        has_long_number = LONG_NUMBER.search(text) is not None
        for look in BEFORE_CLUES:
            if has_long_number or not look.long:
                yield from _spans(look, text, taken)
        yield from find_after_clues(text)
        for look in AFTER_CLUES:
            if has_long_number or not look.long:
                yield from _spans(look, text, taken)


def _spans(look: Look, text: str, taken: bytearray) -> Iterator[Found]:
    """Valid matches in the part of `text` that is not taken yet.

    What a number stands next to must not hide it ("I am 25 912 345 678 2"), so a stretch that is not valid as a whole
    is tried again without its last groups, and from its next group.
    """
    position = 0
    while match := look.pattern.search(text, position):
        start, end = match.span()
        free = (stop for stop in _ends(look, text, start, end) if 1 not in taken[start:stop])
        found = next((stop for stop in free if look.valid(text[start:stop])), None)
        if found is not None:
            yield look.type, start, found
            position = found
        else:
            space = text.find(" ", start, end)
            position = end if space < 0 else space + 1


def _ends(look: Look, text: str, start: int, end: int) -> Iterator[int]:
    """Ends at which the match may stop: its own, then before each of its spaces, the longest first."""
    while end > start:
        yield end
        end = text.rfind(" ", start, end)
        while end > start and not look.pattern.fullmatch(text, start, end):
            end = text.rfind(" ", start, end)
