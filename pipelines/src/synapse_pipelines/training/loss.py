"""The loss: binary cross-entropy per category over the known labels alone."""

from __future__ import annotations

import pandas as pd
import torch
from synapse_common.taxonomy import COLUMNS
from torch import Tensor
from torch.nn import functional


def label_tensor(rows: pd.DataFrame) -> Tensor:
    """Return the labels of `rows` as float32 [n, 8]: 1, 0, or NaN where the label is unknown."""
    return torch.from_numpy(rows[list(COLUMNS)].astype("Float32").to_numpy(dtype="float32", na_value=float("nan")))


def positive_weights(labels: Tensor, cap: float) -> Tensor:
    """Return a weight [8] for each category's positives: sqrt(negatives / positives), within [1, cap].

    The square root, because the full ratio floods rare categories with false positives.
    """
    positives = (labels == 1).sum(dim=0).clamp(min=1)
    negatives = (labels == 0).sum(dim=0)
    return (negatives / positives).sqrt().clamp(1.0, cap)


def masked_bce(logits: Tensor, labels: Tensor, positive_weight: Tensor) -> Tensor:
    """Return the mean loss over the known labels; unknown ones (NaN) have neither loss nor gradient.

    Args:
        logits: [n, 8]
        labels: [n, 8] of 1, 0 or NaN
        positive_weight: [8]
    """
    known = ~labels.isnan()
    loss = functional.binary_cross_entropy_with_logits(
        logits, labels.nan_to_num(0.0), pos_weight=positive_weight, reduction="none"
    )
    return torch.where(known, loss, 0.0).sum() / known.sum().clamp(min=1)
