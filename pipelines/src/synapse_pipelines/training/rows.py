"""The rows that training reads, checked: what is wrong with them must not show first in a bad model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from synapse_common.taxonomy import CATEGORIES, COLUMNS
from torch import Tensor

from synapse_pipelines.data.split import Split
from synapse_pipelines.errors import DataError
from synapse_pipelines.training.batches import encode
from synapse_pipelines.training.loss import label_tensor

_NO_LABELS: Final = (
    *("text", "key", "language", "source", "label_quality", "raw_length", "raw_language"),  # of preparation
    *("method", "parent_id", "identity", "obfuscated"),  # of augmentation
    "weight",
)
"""Columns of a split that are no labels."""


@dataclass(frozen=True)
class TrainingRows:
    """Rows ready to train on."""

    ids: list[list[int]]
    """Token ids of each row."""
    labels: Tensor
    """[n, 8] of 0 to 1 or NaN for unknown."""
    weight: Tensor
    """[n], factor of each row's loss."""

    def digest(self) -> str:
        """Return a hash of all that training sees of the rows."""
        digest = hashlib.sha256()
        digest.update(np.asarray([len(row) for row in self.ids]).tobytes())
        digest.update(np.concatenate([np.asarray(row, dtype=np.int64) for row in self.ids]).tobytes())
        digest.update(self.labels.numpy().tobytes())
        digest.update(self.weight.numpy().tobytes())
        return digest.hexdigest()


def training_rows(rows: pd.DataFrame, tokenizer: Any, max_tokens: int) -> TrainingRows:
    """Return `rows` (as of `read_split`) tokenised, with their optional column ``weight``.

    Raises:
        DataError: a weight is no finite number of at least 0, or a category has no positives to learn from.
    """
    labels = label_tensor(rows)
    missing = [name for column, name in enumerate(CATEGORIES) if not (labels[:, column] > 0).any()]
    if missing:
        raise DataError(
            f"the training split has no positive example of {', '.join(missing)}; a model of it would never flag that: "
            "add labelled rows, or have some generated (the recipe's augmentation.template_rows)"
        )
    weight = rows["weight"].fillna(1.0) if "weight" in rows else pd.Series(1.0, index=rows.index)
    values = weight.to_numpy(dtype="float32")
    if not (np.isfinite(values) & (values >= 0)).all():
        raise DataError("the training split's column weight holds values that are no finite numbers of at least 0")
    return TrainingRows(encode(tokenizer, rows["text"].tolist(), max_tokens), labels, torch.from_numpy(values))


def read_split(dataset: Path, split: Split) -> pd.DataFrame:
    """Return one split of the data set prepared in `dataset`; its labels may be soft, 0 to 1.

    Raises:
        DataError: the file is missing or empty, lacks a column, has one that is not known and so may be a label outside
            the taxonomy, or has a label not in 0 to 1.
    """
    file = dataset / f"{split}.parquet"
    try:
        rows = pd.read_parquet(file)
    except (OSError, ValueError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    if lacking := {"text", *COLUMNS} - set(rows.columns):
        raise DataError(f"{file} lacks the columns {', '.join(sorted(lacking))}")
    if rows.empty:
        raise DataError(f"{file} has no rows")
    # What a column holds does not tell a label from something else: labels may be soft, and nulls make them objects.
    if strange := [name for name in rows.columns if name not in (*COLUMNS, *_NO_LABELS)]:
        raise DataError(
            f"{file} has columns that may be labels outside the taxonomy: {', '.join(strange)}; labels are "
            f"{', '.join(COLUMNS)}, and other columns {', '.join(_NO_LABELS)}"
        )
    for column in COLUMNS:
        values = pd.to_numeric(rows[column].astype("object"), errors="coerce")
        wrong = rows[column].notna() & ~values.between(0, 1)
        if wrong.any():
            raise DataError(f"{file}: {int(wrong.sum())} labels of {column} are not within 0 and 1")
    return rows
