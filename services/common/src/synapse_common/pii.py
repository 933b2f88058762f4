"""Masking of personal data by patterns and check digits: the fast profile, for every message on its way.

Covers e-mail, web addresses, IP addresses, payment cards, IBAN, phone numbers, and the Portuguese and Brazilian tax and
company numbers (NIF, CPF, CNPJ). Numbers with check digits are only masked when the digits hold, so that an order
number is not taken for a tax number. Spaces of any width and hyphens that do not break are read as plain ones. Names
and places need a model and are left to the training side's full profile.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import phonenumbers
from stdnum import iban, luhn
from stdnum.br import cnpj, cpf
from stdnum.pt import nif

_PLAIN = str.maketrans(
    {
        # Unicode's space separators (category Zs) and hyphens that look like the plain one.
        **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000", " "),
        **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
        **dict.fromkeys("\u2010\u2011\u2012", "-"),
    }
)
_WORD = r"\w\u0300-\u036f"  # letters of any script, with their accents apart or not
_PHONE_DIGITS = range(9, 16)
_CARD_ISSUERS = "23456"  # first digits of the networks that issue payment cards
_LONE_DIGIT = re.compile(r"(?<!\d)\d(?!\d)")
_MAX_GROUPS = 6
_MAX_LONE = 2  # as in +1 and in the 9 of Brazilian mobile numbers; a row of them is a list of numbers


@dataclass(frozen=True)
class Entity:
    """One piece of personal data: its type and where it stands in the original text (end exclusive)."""

    type: str
    start: int
    end: int
    placeholder: str


@dataclass(frozen=True)
class MaskResult:
    """The masked text and what was masked. Equal values of a text share one placeholder, such as <EMAIL_1>."""

    text: str
    entities: tuple[Entity, ...]


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return any(map(str.isdecimal, value))  # "::" and "a::b" are valid addresses, but of no machine that anyone has


def _is_card(value: str) -> bool:
    return value[0] in _CARD_ISSUERS and bool(luhn.is_valid(re.sub(r"[ -]", "", value)))


def _is_nif(value: str) -> bool:
    return bool(nif.is_valid(value))


def _is_phone(value: str) -> bool:
    """Valid in its own country when it starts with +, else in one of the countries our users write from."""
    digits = "".join(filter(str.isdigit, value))
    for region in _phone_regions(value, digits):
        number = value if region else f"+{digits}"
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def _phone_regions(value: str, digits: str) -> tuple[str | None, ...]:
    """Countries in which a number of this look can be one; None for a number that begins with its country's code.

    Validation is slow, so a look decides where it is worth it. Up to eight digits are services' numbers, nobody's own.
    """
    length = len(digits)
    if length not in _PHONE_DIGITS or value.count(" ") >= _MAX_GROUPS or len(_LONE_DIGIT.findall(value)) > _MAX_LONE:
        return ()
    if (
        value.startswith("+")
        or (digits.startswith("351") and length == 12)
        or (digits.startswith("55") and length > 11)
    ):
        return (None,)
    if digits.startswith("00"):
        return ("PT",)  # from here abroad
    if digits.startswith("0"):  # as written at home
        return {10: ("GB",), 11: ("GB", "BR"), 12: ("BR",)}.get(length, ())
    return {9: ("PT",), 10: ("BR", "US"), 11: ("BR", "US")}.get(length, ())


def _always(_value: str) -> bool:
    return True


# Order is precedence: where two overlap, the earlier stays. Every pattern is linear in the text's length.
_RECOGNISERS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("URL", re.compile(r"\b(?:https?://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)\]]", re.IGNORECASE), _always),
    (
        "EMAIL",
        re.compile(rf"(?<![{_WORD}.+-])[{_WORD}.+-]{{1,64}}@[{_WORD}-]{{1,63}}(?:\.[{_WORD}-]{{1,63}}){{1,4}}\b"),
        _always,
    ),
    (
        "IBAN",
        re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.IGNORECASE),
        iban.is_valid,
    ),
    ("IP", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)"), _is_ip),
    ("IP", re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE), _is_ip),
    (
        "CARD",
        re.compile(r"(?<!\d)(?:\d{4}[ -]?\d{6}[ -]?\d{4,5}|\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,4}(?:[ -]?\d{1,3})?)(?!\d)"),
        _is_card,
    ),
    ("CNPJ", re.compile(r"(?<!\d)\d{2}[. ]?\d{3}[. ]?\d{3}[/ ]?\d{4}[- ]?\d{2}(?!\d)"), cnpj.is_valid),
    ("CPF", re.compile(r"(?<!\d)\d{3}[. ]?\d{3}[. ]?\d{3}[- ]?\d{2}(?!\d)"), cpf.is_valid),
    (
        "PHONE",
        re.compile(
            r"(?<![\w+])(?<!\d[.-])(?!\d{4}-\d\d-\d\d\b|\d\d[.-]\d\d[.-]\d{4}\b)"  # a date is none
            r"(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){6,13}(?!\w|:\d)"
        ),
        _is_phone,
    ),
    ("NIF", re.compile(r"(?<!\d)[1235689]\d{2} ?\d{3} ?\d{3}(?!\d)"), _is_nif),
)


def plain(text: str) -> str:
    """`text` as the patterns read it: every kind of space and hyphen as the plain one. As long as `text`."""
    return text if text.isascii() else text.translate(_PLAIN)


def find_entities(text: str) -> list[tuple[str, int, int]]:
    """Type, start and end of every piece of personal data, in order of appearance, without overlaps."""
    if not any(character.isdigit() or character in "@:." for character in text):
        return []
    text = plain(text)
    found: list[tuple[str, int, int]] = []
    taken = bytearray(len(text))
    for kind, pattern, valid in _RECOGNISERS:
        for start, end in _spans(pattern, valid, text, taken):
            found.append((kind, start, end))
            taken[start:end] = b"\1" * (end - start)
    return sorted(found, key=lambda item: item[1])


def _spans(
    pattern: re.Pattern[str], valid: Callable[[str], bool], text: str, taken: bytearray
) -> Iterator[tuple[int, int]]:
    """Valid matches in the part of `text` that is not taken yet.

    What a number stands next to must not hide it ("I am 25 912 345 678 2"), so a stretch that is not valid as a whole
    is tried again without its last groups, and from its next group.
    """
    position = 0
    while match := pattern.search(text, position):
        start, end = match.span()
        found = next((stop for stop in _ends(pattern, text, start, end) if valid(text[start:stop])), None)
        if found is not None and 1 not in taken[start:found]:
            yield start, found
            position = found
        else:
            space = text.find(" ", start, end)
            position = end if space < 0 else space + 1


def _ends(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[int]:
    """Ends at which the match may stop: its own, then before each of its spaces, the longest first."""
    while end > start:
        yield end
        end = text.rfind(" ", start, end)
        while end > start and not pattern.fullmatch(text, start, end):
            end = text.rfind(" ", start, end)


class Masker:
    """Masks several texts as one: a value that comes back has the same placeholder in all of them."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._counts: dict[str, int] = {}

    def mask(self, text: str) -> MaskResult:
        """Replace every piece of personal data by its type and a number, for example ``<PHONE_1>``."""
        entities: list[Entity] = []
        pieces: list[str] = []
        position = 0
        for kind, start, end in find_entities(text):
            placeholder = f"<{kind}_{self._number(kind, text[start:end])}>"
            entities.append(Entity(kind, start, end, placeholder))
            pieces += (text[position:start], placeholder)
            position = end
        pieces.append(text[position:])
        return MaskResult("".join(pieces), tuple(entities))

    def _number(self, kind: str, value: str) -> int:
        """1 for the first value of its kind, 2 for the next, and so on."""
        if (kind, value) not in self._numbers:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._numbers[kind, value] = self._counts[kind]
        return self._numbers[kind, value]


def mask_pii(text: str) -> MaskResult:
    """Mask one text on its own; see `Masker`."""
    return Masker().mask(text)
