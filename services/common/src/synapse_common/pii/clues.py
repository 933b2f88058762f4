"""Numbers and dates that a word before them gives away: "NIF 212345672", "born on 3 May 1990", "CEP: 01310100".

A clue is one word, then up to four short words or signs, then the value. One word, so that a text that is cut at any
space before the value and masked in parts (as answers are while they stream) keeps the clue beside the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from synapse_common.pii.checks import always, is_date, is_nif, is_niss
from synapse_common.pii.patterns import Look

_WORDS: Final = {
    "NISS": "niss|social",
    "NIF": "nif|contribuinte|fiscal",
    "BIRTHDATE": "born|birth|birthday|birthdate|dob|nasci|nasceu|nascid[oa]|nascimento|anivers[aá]rio",
    "POSTCODE": "zip|zipcode|postcode|postal|cep",
}
FILLER: Final = "(?:[:=]| (?:[:=-]|is|was|are|on|in|the|my|of|no|number|code|date|é|foi|em|ao?|o|dia|meu|nº|número))"
MONTH: Final = (
    "jan(?:uary|eiro)?|feb(?:ruary)?|fev(?:ereiro)?|mar(?:ch|ço)?|apr(?:il)?|abr(?:il)?|may|maio?|june?|junho|july?"
    "|julho|aug(?:ust)?|ago(?:sto)?|sep(?:t(?:ember)?)?|set(?:embro)?|oct(?:ober)?|out(?:ubro)?|nov(?:ember|embro)?"
    "|dec(?:ember)?|dez(?:embro)?"
)
DAY: Final = r"\d{1,2}(?:st|nd|rd|th|º)?"
_DATE: Final = (
    r"(?:\d{1,2}([/.-])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}([/.-])\d{1,2}\2\d{1,2}"
    rf"|{DAY}(?: (?:de|of))? (?:{MONTH})\.?,?(?: (?:de|of))? \d{{4}}|(?:{MONTH})\.? {DAY},? \d{{4}})(?!\w)"
)
_POSTCODE: Final = (
    r"(?:\d{2}\.?\d{3}-?\d{3}|\d{5}(?:-\d{4})?|\d{4}(?:-\d{3})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})(?![\w-])"
)

_FIRST: Final = "".join(sorted({word[0] for words in _WORDS.values() for word in words.split("|")}))
CLUE: Final = "|".join(f"(?P<{kind}>{words})" for kind, words in _WORDS.items())
_CLUE: Final = re.compile(rf"\b(?=[{_FIRST}])(?:{CLUE})\b(?:{FILLER}){{0,4}} ?", re.IGNORECASE)
_VALUES: Final = {
    "NISS": Look("NISS", re.compile(r"\d{3} ?\d{3} ?\d{3} ?\d{2}(?!\d)|\d{11}(?!\d)"), is_niss),
    "NIF": Look("NIF", re.compile(r"[1235689]\d{2} ?\d{3} ?\d{3}(?!\d)"), is_nif),
    "BIRTHDATE": Look("BIRTHDATE", re.compile(_DATE, re.IGNORECASE), is_date),
    "POSTCODE": Look("POSTCODE", re.compile(_POSTCODE, re.IGNORECASE), always),
}
CLUED: Final = tuple(_VALUES.values())


def find_after_clues(text: str) -> Iterator[tuple[str, int, int]]:
    """Type, start and end of every value that a clue gives away, in order."""
    for clue in _CLUE.finditer(text):
        look = _VALUES[str(clue.lastgroup)]
        value = look.pattern.match(text, clue.end())
        if value and look.valid(value.group()):
            yield look.type, value.start(), value.end()
