"""Drops copies of a text that no longer mean what it means or carry its labels, and counts them by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from synapse_common.decision import Flags, Floats
from synapse_common.language import detect_language
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.groups import Language
from synapse_pipelines.augmentation.wording import harmful_words, negations
from synapse_pipelines.data.cleaning import duplicate_key

NO_TEXT: Final = "nothing made"
EQUAL: Final = "equal to its parent"
LENGTH: Final = "length changed"
LANGUAGE: Final = "language changed"
NEGATION: Final = "negation gained or lost"
HARMFUL_WORD: Final = "harmful word gained or lost"
MEANING: Final = "meaning changed"
VERDICT: Final = "champion's verdict changed"

_LENGTH_RATIOS: Final = (0.5, 2.0)

Similarities = Callable[[Sequence[str], Sequence[str]], Floats]
"""Likeness in meaning of each pair of texts, -1 to 1."""

Verdicts = Callable[[Sequence[str]], Flags]
"""Which categories a trusted model sees in each text [n, 8]."""


@dataclass(frozen=True)
class CopyFilter:
    """What a copy must keep of its parent."""

    similarities: Similarities
    min_similarity: float
    champion: Verdicts | None
    """Null where there is no champion to ask."""

    def keep(self, parents: pd.DataFrame, texts: Sequence[str | None]) -> tuple[NDArray[np.bool_], Counter[str]]:
        """Tell which of the `texts` [n] made from `parents` [n rows] may stand for them, and why the others may not.

        The cheap questions come first; the models are asked about what is left.
        """
        reasons: list[str | None] = [
            reason_against(parent, text, language)
            for parent, text, language in zip(parents["text"], texts, parents["language"], strict=True)
        ]
        left = [number for number, reason in enumerate(reasons) if reason is None]
        pairs = parents["text"].iloc[left].tolist(), [texts[number] or "" for number in left]
        alike = np.asarray(self.similarities(*pairs)) >= self.min_similarity
        for number, same in zip(left, alike, strict=True):
            reasons[number] = None if same else MEANING
        if self.champion is not None:
            left = [number for number, same in zip(left, alike, strict=True) if same]
            flips = self._flips(self.champion, parents.iloc[left], [texts[number] or "" for number in left])
            for number, flip in zip(left, flips, strict=True):
                reasons[number] = VERDICT if flip else None
        return np.array([reason is None for reason in reasons], dtype=np.bool_), Counter(filter(None, reasons))

    def _flips(self, champion: Verdicts, parents: pd.DataFrame, texts: list[str]) -> NDArray[np.bool_]:
        """Where the champion is right about the parent and says otherwise about the copy. Else it is no judge."""
        if not texts:
            return np.zeros(0, dtype=np.bool_)
        labels = parents[list(COLUMNS)].astype("Float32").to_numpy(dtype="float32", na_value=float("nan"))
        before, after = champion(parents["text"].tolist()), champion(texts)
        return np.asarray(((before == labels) & (after != before)).any(axis=1), dtype=np.bool_)


def reason_against(parent: str, text: str | None, language: Language) -> str | None:
    """Return why `text` cannot stand for `parent` by its words alone, or None."""
    if not text:
        return NO_TEXT
    if duplicate_key(text) == duplicate_key(parent):
        return EQUAL
    low, high = _LENGTH_RATIOS
    if not low <= len(text) / len(parent) <= high:
        return LENGTH
    if detect_language(text) not in (language, "und", detect_language(parent)):
        return LANGUAGE
    if negations(text, language) != negations(parent, language):
        return NEGATION
    if harmful_words(text, language) != harmful_words(parent, language):
        return HARMFUL_WORD
    return None
