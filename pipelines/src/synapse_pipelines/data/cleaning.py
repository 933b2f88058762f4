"""Cleaning of texts: remove PII, normalise, filter noise, drop duplicates. Dropped rows are counted by reason."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd
from synapse_common.pii import mask_pii
from synapse_common.text import normalise

_PLACEHOLDER = re.compile(r"\((?:URL|EMAIL|IP|PHONE|[A-Z_ ]{2,20})\)|\buser\b")
_WORD = re.compile(r"[^\W\d_]")
_NOT_WORD = re.compile(r"\W+")


def clean_text(text: str) -> str:
    """Return `text` without PII and as the model reads it; the empty string where nothing is left."""
    return normalise(mask_pii(text).text)


def duplicate_key(text: str) -> str:
    """Return what two texts must share to count as the same: their words, whatever the case and punctuation."""
    return _NOT_WORD.sub(" ", text.casefold()).strip() or text


def clean(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Clean the column `text` of `rows`, add the column `key`, and drop noise and duplicates.

    Of rows with the same key the first stays, those of gold quality before weak ones where there is such a column.

    Returns:
        The rows that stay, and the number of dropped rows by reason.
    """
    rows = rows.assign(text=rows["text"].map(clean_text))
    rows = rows.assign(key=rows["text"].map(duplicate_key))
    noise = rows["text"].map(_noise_reason)
    dropped = Counter(noise.dropna())
    rows = rows[noise.isna()]
    if "label_quality" in rows:
        rows = rows.sort_values("label_quality", kind="stable")  # "gold" sorts before "weak"
    duplicate = rows.duplicated("key")
    dropped["duplicate text"] += int(duplicate.sum())
    return rows[~duplicate].sort_index(), {reason: count for reason, count in sorted(dropped.items()) if count}


def _noise_reason(text: str) -> str | None:
    if not text:
        return "empty after cleaning"
    if not _WORD.search(_PLACEHOLDER.sub("", text)):
        return "no words"
    return None
