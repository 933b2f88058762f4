"""What all generated rows have in common: their columns, their source, and the link to the row they were made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import pandas as pd
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.data.cleaning import duplicate_key

Method = Literal["template", "obfuscation", "paraphrase", "back_translation", "llm"]

ADDED: Final = ("method", "parent_id", "identity", "obfuscated", "label_quality")
"""Columns that augmentation adds to the splits; null in rows that people wrote, but for the last."""

_TEXTS: Final = ("method", "parent_id", "identity", "label_quality")
_KEPT: Final = ["text", "key", "language", "source", *COLUMNS, *ADDED]


def typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `rows` with the added columns present and all truth values as nullable booleans."""
    rows = rows.assign(**{name: None for name in ADDED if name not in rows})
    return rows.astype(dict.fromkeys([*COLUMNS, "obfuscated"], "boolean") | dict.fromkeys(_TEXTS, "string"))


def joined(*parts: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of all `parts`, numbered anew; the columns are those of the first that has any row."""
    filled = [typed(part) for part in parts if len(part)] or [typed(parts[0])]
    return pd.concat(filled, ignore_index=True)[[*filled[0].columns]]


def from_generator(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows made from nothing (`templates.template_rows` and the like) in the columns of a split."""
    rows = typed(rows.assign(key=rows["text"].map(duplicate_key), obfuscated=False))
    return rows[_KEPT].drop_duplicates("key").reset_index(drop=True)


def children(parents: pd.DataFrame, texts: Sequence[str], method: Method) -> pd.DataFrame:
    """Return a row for each of `parents` with the text made from it: its labels and language, its key as `parent_id`.

    A child belongs to the split of its parent, and parents are rows of train alone.
    """
    rows = typed(parents).assign(
        text=list(texts),
        key=[duplicate_key(text) for text in texts],
        parent_id=parents["key"],
        method=method,
        source=f"{SOURCE_PREFIX}{method}/" + parents["source"].map(_family) + "-0",
        obfuscated=method == "obfuscation",
    )
    return typed(rows)[_KEPT].reset_index(drop=True)


def _family(source: str) -> str:
    """A source of people's rows as it is; of a phrase bank's row, the bank."""
    return source.removeprefix(SOURCE_PREFIX).partition("/")[0]
