"""Where a text may be cut so that masking its parts gives what masking the whole gives.

Patterns either hold no white space, or join their groups by single spaces of any width. So a cut at other white space
is safe, and one at a single space is when what stands before it is not the beginning of a match.
"""

from __future__ import annotations

import re
from typing import Final

from synapse_common.pii.clues import CLUE, DAY, FILLER, MONTH
from synapse_common.pii.find import plain
from synapse_common.pii.patterns import HOUSE_NUMBER, NAME_WORD, STREET_PT, UK_OUTWARD, US_STATES

LONGEST_SPACED_MATCH: Final = 160
"""Characters. No pattern that holds spaces matches more (the longest is a street's name of five long words)."""

_WORDS_CLUE: Final = re.sub(r"\?P<\w+>", "?:", CLUE)
_VALUE_BEGUN: Final = (
    rf"(?:{DAY}(?: (?:de|of))?(?: (?:{MONTH})\.?,?(?: (?:de|of))?)?|(?:{MONTH})\.?(?: {DAY},?)?|[A-Z]{{1,2}}\d[A-Z\d]?)"
)
_OPEN: Final = re.compile(
    "|".join(
        (
            r"\d\)? [\d(]|\) \d",  # groups of digits, codes in brackets
            r"\b(?i:[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){0,7}) [^\W_]",  # IBAN
            r"(?<!\w)\d{8} ?\d [A-Za-z]",  # CC
            rf"\b{UK_OUTWARD} \d",
            rf"\b(?:{US_STATES}) \d",
            rf"\b(?i:(?:{_WORDS_CLUE})(?:{FILLER}){{0,4}} (?:{_VALUE_BEGUN} )?).",
            rf"(?<!\w)(?:{STREET_PT})(?: \w[\w.'\u2019-]{{0,15}}){{0,5}},?(?: (?:n\.?[º°]|número|lote|km))? .",
            rf"(?<!\w){HOUSE_NUMBER}(?: {NAME_WORD}){{0,4}} [A-ZÀ-ÖØ-Þ]",
        )
    ).join(("(?:", r")\Z"))
)


def may_go_on(before: str, char: str) -> bool:
    """Whether a match may reach over the end of `before`, a space, to a token that begins with `char`."""
    tail = plain(before[-LONGEST_SPACED_MATCH:])
    return tail[-1:] == " " and not tail[-2:-1].isspace() and _OPEN.search(tail + char) is not None
