"""Phrase-bank rows by split: a line's rows all go to one, so that no split knows another's sentences."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.generators import KINDS, LANGUAGES, Generator
from synapse_pipelines.augmentation.rows import from_generator, joined
from synapse_pipelines.augmentation.templates import lines, template_rows
from synapse_pipelines.data.split import Split, split_of

SPLITS: Final[tuple[Split, ...]] = ("train", "valid", "test")

_TRAIN_SHARE: Final = 0.75  # of the rows, a little less than `split_of` gives, since rows with equal words are dropped
_LEAST_PASSES: Final = 3  # over all lines, so that validation and the functional test have enough of theirs


def bank_rows(train_rows: int, seed: int) -> dict[Split, pd.DataFrame]:
    """Return rows of the phrase banks by split, at least `train_rows` of them in train where the banks have so many."""
    count = max(_LEAST_PASSES * len(lines()), math.ceil(train_rows / _TRAIN_SHARE))
    rows = from_generator(template_rows(count, seed))
    side = pd.Series([split_of(key, source) for key, source in zip(rows["key"], rows["source"], strict=True)])
    return {split: rows[side == split].reset_index(drop=True) for split in SPLITS}


def missing_labels(split: pd.DataFrame, generator: Generator, wanted: int) -> pd.DataFrame:
    """Return rows of `generator` that `split` lacks to have `wanted` positives and negatives of each category.

    That is counted by language. In the rows returned, a category that `split` has enough of in their language is null:
    real rows alone shall decide about it.
    """
    added = []
    for language in LANGUAGES:
        have = split.loc[split["language"] == language, list(COLUMNS)]
        lacking = {
            kind: count
            for kind in KINDS
            if kind.language == language and (count := wanted - int((have[kind.column] == kind.harmful).sum())) > 0
        }
        if not lacking:
            continue
        rows = joined(*(generator.generate(kind, count) for kind, count in lacking.items())).drop_duplicates("key")
        enough = [column for column in COLUMNS if column not in {kind.column for kind in lacking}]
        rows[enough] = pd.NA
        added.append(rows)
    return joined(split.head(0), *added)
