"""Keeps generated rows apart from the rows that measure: none that equals or nearly repeats one of them gets in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

import pandas as pd

from synapse_pipelines.data.cleaning import duplicate_key

_WORDS: Final = 6
_SHARE: Final = 0.8


class OverlapGuard:
    """Knows the held-out texts by their words and by their sequences of six words (Broder, 1997, w-shingling)."""

    def __init__(self, held_out: Iterable[str]) -> None:
        self._keys: set[str] = set()
        self._texts_with: defaultdict[int, list[int]] = defaultdict(list)
        for number, text in enumerate(held_out):
            key = duplicate_key(text)
            self._keys.add(key)
            for shingle in _shingles(key):
                self._texts_with[shingle].append(number)

    def overlaps(self, text: str) -> bool:
        """Tell whether `text` has the words of a held-out text, or 80 % of its six-word sequences are in one."""
        key = duplicate_key(text)
        if key in self._keys:
            return True
        shingles = _shingles(key)
        shared = Counter(number for shingle in shingles for number in self._texts_with.get(shingle, ()))
        return bool(shared) and max(shared.values()) >= _SHARE * len(shingles)


def apart(rows: pd.DataFrame, known: pd.DataFrame, guard: OverlapGuard) -> tuple[pd.DataFrame, Counter[str]]:
    """Return those of `rows` that neither `known` has already nor `guard` keeps out, and the number of the others."""
    repeated = rows["key"].isin(known["key"]) | rows.duplicated("key")
    held_out = ~repeated & rows["text"].map(guard.overlaps).astype(bool)
    counts = Counter({"already in train": int(repeated.sum()), "repeats a held-out row": int(held_out.sum())})
    return rows[~(repeated | held_out)].reset_index(drop=True), counts


def _shingles(key: str) -> set[int]:
    words = key.split()
    return {hash(tuple(words[at : at + _WORDS])) for at in range(len(words) - _WORDS + 1)}
