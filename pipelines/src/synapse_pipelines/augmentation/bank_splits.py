"""Phrase-bank rows by split: a line's rows all go to one, so that no split knows another's sentences."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.rows import from_generator, joined
from synapse_pipelines.augmentation.templates import lines, template_rows
from synapse_pipelines.data.split import Split, split_of

SPLITS: Final[tuple[Split, ...]] = ("train", "valid", "test")

_TRAIN_SHARE: Final = 0.55  # of the rows, a little less than `split_of` gives, since rows with equal words are dropped
_LEAST_PASSES: Final = 2  # over all lines, so that validation and the functional test have each of theirs


def bank_rows(train_rows: int, seed: int) -> dict[Split, pd.DataFrame]:
    """Return rows of the phrase banks by split, at least `train_rows` of them in train where the banks have so many."""
    count = max(_LEAST_PASSES * len(lines()), math.ceil(train_rows / _TRAIN_SHARE))
    rows = from_generator(template_rows(count, seed))
    side = pd.Series([split_of(key, source) for key, source in zip(rows["key"], rows["source"], strict=True)])
    return {split: rows[side == split].reset_index(drop=True) for split in SPLITS}


def missing_labels(split: pd.DataFrame, pool: pd.DataFrame, wanted: int) -> pd.DataFrame:
    """Return the rows of `pool` that `split` lacks to have `wanted` positives and negatives of each category.

    That is counted by language. In the rows returned, a category that `split` has enough of in their language is null:
    real rows alone shall decide about it.
    """
    chosen: list[pd.DataFrame] = []
    for language, own in pool.groupby("language"):
        have = split.loc[split["language"] == language, list(COLUMNS)]
        lacking = {
            (column, value): count
            for column in COLUMNS
            for value in (True, False)
            if (count := wanted - int((have[column] == value).sum())) > 0
        }
        picked: set[int] = set()
        for (column, value), count in lacking.items():
            picked.update(own.index[(own[column] == value).fillna(value=False)][:count])
        enough = [column for column in COLUMNS if not {(column, True), (column, False)} & set(lacking)]
        rows = own.loc[sorted(picked)].copy()
        rows[enough] = pd.NA
        chosen.append(rows)
    return joined(*chosen)
