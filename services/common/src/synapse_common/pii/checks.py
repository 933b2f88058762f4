"""Whether a number of the right look is valid: check digits, ranges, calendars."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from stdnum import luhn
from stdnum.pt import nif

_CARD_ISSUERS: Final = "23456"  # first digits of the networks that issue payment cards
_NISS_WEIGHTS: Final = (29, 23, 19, 17, 13, 11, 7, 5, 3, 2)
_NOT_DIGIT: Final = re.compile(r"\D")
_MONTHS: Final = 12
_LONGEST_MONTH: Final = 31


def always(_value: str) -> bool:
    """Accept what has no check."""
    return True


def is_ip(value: str) -> bool:
    """Whether `value` is an IPv4 or IPv6 address that some machine may have."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return any(map(str.isdecimal, value))  # "::" and "a::b" are valid addresses, but of no machine that anyone has


def is_card(value: str) -> bool:
    """Whether `value` is of a payment network and its Luhn digit holds."""
    return value[0] in _CARD_ISSUERS and bool(luhn.is_valid(re.sub(r"[ -]", "", value)))


def is_nif(value: str) -> bool:
    """Whether the check digit of a Portuguese tax number holds; on its own, since stdnum types nothing."""
    return bool(nif.is_valid(value))


def is_niss(value: str) -> bool:
    """Whether the check digit of a Portuguese social security number holds.

    Eleven digits, the first 1 or 2; the last is 9 less the weighted sum of the others modulo 10 (weights: the first ten
    primes, the largest first).
    """
    digits = [int(digit) for digit in _NOT_DIGIT.sub("", value)]
    if len(digits) != len(_NISS_WEIGHTS) + 1 or digits[0] not in (1, 2):
        return False
    return digits[-1] == 9 - sum(w * d for w, d in zip(_NISS_WEIGHTS, digits, strict=False)) % 10


def is_date(value: str) -> bool:
    """Whether the day and month of a date in digits exist, in either order; a date with a month's name always does."""
    parts = [int(part) for part in _NOT_DIGIT.split(value) if part]
    if any(map(str.isalpha, value)):
        return any(1 <= part <= _LONGEST_MONTH for part in parts)
    day_and_month = parts[1:] if parts[0] > _LONGEST_MONTH else parts[:2]
    return min(day_and_month) >= 1 and min(day_and_month) <= _MONTHS and max(day_and_month) <= _LONGEST_MONTH
