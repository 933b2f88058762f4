"""Puts placeholders where personal data stood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from synapse_common.pii.find import Found, find_entities

_PLACEHOLDER: Final = re.compile(r"<([A-Z]{2,10})_(\d{1,9})>")


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


class Masker:
    """Masks several texts as one: a value that comes back has the same placeholder in all of them.

    Placeholders that stand in `reserved` texts already are not given to other values.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._counts: dict[str, int] = {}
        for text in reserved:
            for kind, number in _PLACEHOLDER.findall(text):
                self._counts[kind] = max(self._counts.get(kind, 0), int(number))

    def mask(self, text: str) -> MaskResult:
        """Replace every piece of personal data that patterns find by its type and a number, such as ``<PHONE_1>``."""
        return self.mask_found(text, find_entities(text))

    def mask_found(self, text: str, found: Sequence[Found]) -> MaskResult:
        """Replace what was `found` in `text`: spans in order, without overlaps."""
        entities: list[Entity] = []
        pieces: list[str] = []
        position = 0
        for kind, start, end in found:
            placeholder = f"<{kind}_{self._number(kind, text[start:end])}>"
            entities.append(Entity(kind, start, end, placeholder))
            pieces += (text[position:start], placeholder)
            position = end
        pieces.append(text[position:])
        return MaskResult("".join(pieces), tuple(entities))

    @property
    def values(self) -> dict[str, str]:
        """What each placeholder that was given out stands for."""
        return {f"<{kind}_{number}>": value for (kind, value), number in self._numbers.items()}

    def _number(self, kind: str, value: str) -> int:
        """1 for the first value of its kind, 2 for the next, and so on."""
        if (kind, value) not in self._numbers:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._numbers[kind, value] = self._counts[kind]
        return self._numbers[kind, value]


def mask_pii(text: str) -> MaskResult:
    """Mask one text on its own; see `Masker`."""
    return Masker().mask(text)
