"""Whether a number of the right look is a phone number."""

from __future__ import annotations

import re
from typing import Final

import phonenumbers

_DIGITS: Final = range(9, 16)
_LONE_DIGIT: Final = re.compile(r"(?<!\d)\d(?!\d)")
_MAX_GROUPS: Final = 6
_MAX_LONE: Final = 2  # as in +1 and in the 9 of Brazilian mobile numbers; a row of them is a list of numbers


def is_phone(value: str) -> bool:
    """Valid in its own country when it starts with +, else in one of the countries our users write from."""
    digits = "".join(filter(str.isdigit, value))
    for region in _regions(value, digits):
        number = value if region else f"+{digits}"
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def _regions(value: str, digits: str) -> tuple[str | None, ...]:
    """Countries in which a number of this look can be one; None for a number that begins with its country's code.

    Validation is slow, so a look decides where it is worth it. Up to eight digits are services' numbers, nobody's own.
    """
    length = len(digits)
    if length not in _DIGITS or value.count(" ") >= _MAX_GROUPS or len(_LONE_DIGIT.findall(value)) > _MAX_LONE:
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
