"""The looks of personal data: a table of patterns. Every pattern takes time linear in the text's length.

Order is precedence: where two overlap, the earlier stays. Patterns begin by looking ahead for their first characters,
since the engine then skips the other places three times as fast as it tries a whole pattern there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stdnum import iban
from stdnum.br import cnpj, cpf
from stdnum.pt import cc
from stdnum.us import ssn

from synapse_common.pii.checks import always, is_card, is_ip, is_nif
from synapse_common.pii.phone import is_phone


@dataclass(frozen=True)
class Look:
    """A type of personal data, what it looks like, and whether something of that look is valid."""

    type: str
    pattern: re.Pattern[str]
    valid: Callable[[str], bool] = always
    long: bool = False
    """Has what `LONG_NUMBER` finds: texts without it need not be searched."""


LONG_NUMBER: Final = re.compile(r"\d(?:[ ./()-]{0,2}\d){6}")


_WORD: Final = r"\w\u0300-\u036f"  # letters of any script, with their accents apart or not
# Without those that are words when shouted: DE, HI, IN, ME, OK, OR.
US_STATES: Final = (
    "A[KLRZ]|C[AOT]|DC|FL|GA|I[ADL]|K[SY]|LA|M[ADINOST]|N[CDEHJMVY]|OH|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
)
UK_OUTWARD: Final = r"[A-PR-UWYZ](?:\d[A-Z\d]?|[A-HK-Y]\d[A-Z\d]?)"
_UK_INWARD: Final = r"\d[ABD-HJLNP-UW-Z]{2}"

NAME_WORD: Final = r"[A-ZÀ-ÖØ-Þ][\w.'\u2019-]{0,15}"
STREET_PT: Final = r"(?i:rua|avenida|av\.?|travessa|praça|largo|estrada|alameda|rodovia|calçada|beco)|R\.|Tv\.|Pç\."
# A capital in the name, or "da/do/das/dos" before it: "a rua tinha 3 carros" is no address.
_NAME_PT: Final = rf"(?: (?:{NAME_WORD}|d[aeo]s?|e|\d{{1,2}} d[aeo]s?)){{1,5}}| d[aeo]s?(?: \w{{2,16}}){{1,3}}"
_NUMBER_PT: Final = r",?(?: (?:n\.?[º°]|número|lote|km))? ?\d{1,5}(?:-?[A-Z])?"
_STREET_EN: Final = (
    "Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Square|Sq|Way|Place|Pl|Terrace|Close|Crescent"
    "|Highway|Hwy|Parkway|Pkwy"
)
HOUSE_NUMBER: Final = r"\d{1,5}[A-Za-z]?"

WITHOUT_DIGITS: Final = (
    Look("URL", re.compile(r"\b(?:https?://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)\]]", re.IGNORECASE)),
    Look(
        "EMAIL",
        re.compile(rf"(?<![{_WORD}.+-])[{_WORD}.+-]{{1,64}}@[{_WORD}-]{{1,63}}(?:\.[{_WORD}-]{{1,63}}){{1,4}}\b"),
    ),
)
"""What may be without a digit."""

BEFORE_CLUES: Final = (
    Look(
        "IBAN",
        re.compile(r"\b(?=[A-Z]{2}\d\d)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.IGNORECASE),
        iban.is_valid,
    ),
    Look("IP", re.compile(r"(?=\d)(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)"), is_ip),
    Look(
        "IP", re.compile(r"(?=[0-9a-f:])(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE), is_ip
    ),
    Look(
        "CARD",
        re.compile(
            r"(?=\d)(?<!\d)(?:\d{4}[ -]?\d{6}[ -]?\d{4,5}|\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,4}(?:[ -]?\d{1,3})?)(?!\d)"
        ),
        is_card,
        long=True,
    ),
    Look(
        "CNPJ",
        re.compile(r"(?=\d)(?<!\d)\d{2}[. ]?\d{3}[. ]?\d{3}[/ ]?\d{4}[- ]?\d{2}(?!\d)"),
        cnpj.is_valid,
        long=True,
    ),
    Look("CPF", re.compile(r"(?=\d)(?<!\d)\d{3}[. ]?\d{3}[. ]?\d{3}[- ]?\d{2}(?!\d)"), cpf.is_valid, long=True),
    Look("CC", re.compile(r"(?=\d)(?<!\w)\d{8} ?\d ?[A-Z][A-Z\d]\d(?!\w)", re.IGNORECASE), cc.is_valid, long=True),
)
"""Sure of themselves, whatever word stands before them."""

AFTER_CLUES: Final = (
    Look("POSTCODE", re.compile(rf"(?=\d)(?<=\b(?:{US_STATES}) )\d{{5}}(?:-\d{{4}})?(?![\w-])")),
    Look("SSN", re.compile(r"(?=\d)(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"), ssn.is_valid, long=True),
    Look(
        "PHONE",
        re.compile(
            r"(?=[+(\d])(?<![\w+])(?<!\d[.-])(?!\d{4}-\d\d-\d\d\b|\d\d[.-]\d\d[.-]\d{4}\b)"  # a date is none
            r"(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){6,13}(?!\w|:\d)"
        ),
        is_phone,
        long=True,
    ),
    Look("NIF", re.compile(r"(?=\d)(?<!\d)[1235689]\d{2} ?\d{3} ?\d{3}(?!\d)"), is_nif, long=True),
    Look(
        "POSTCODE",
        re.compile(r"(?=\d)(?<![\w.,/-])(?:[1-9]\d{3}-\d{3}|\d{2}\.?\d{3}-\d{3})(?![\w/-])"),
        long=True,
    ),  # PT, BR
    Look("POSTCODE", re.compile(rf"(?=[A-Z])(?<!\w){UK_OUTWARD} {_UK_INWARD}(?!\w)")),
    Look(
        "ADDRESS", re.compile(rf"(?=[RATPLECBratplecb])(?<!\w)(?:{STREET_PT})(?:{_NAME_PT}){_NUMBER_PT}(?!\w|[:-]\d)")
    ),
    Look("ADDRESS", re.compile(rf"(?=\d)(?<![\w.,/-]){HOUSE_NUMBER}(?: {NAME_WORD}){{1,4}} (?:{_STREET_EN})(?!\w)")),
)
"""Where a word before them says that they are something else, they give way."""
