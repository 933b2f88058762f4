"""The loss: binary cross-entropy per category over the known labels alone."""

from __future__ import annotations

import pandas as pd
import torch
from synapse_common.taxonomy import COLUMNS
from torch import Tensor
from torch.nn import functional


def label_tensor(rows: pd.DataFrame) -> Tensor:
    """Return the labels of `rows` as float32 [n, 8]: 0 to 1 (a soft label is a probability), NaN where unknown."""
    return torch.from_numpy(rows[list(COLUMNS)].astype("Float32").to_numpy(dtype="float32", na_value=float("nan")))


def positive_weights(labels: Tensor, cap: float) -> Tensor:
    """Return a weight [8] for each category's positives: sqrt(negatives / positives), within [1, cap].

    The square root, because the full ratio floods rare categories with false positives. A soft label counts as positive
    by its share.
    """
    positives = labels.nansum(dim=0)
    negatives = (~labels.isnan()).sum(dim=0) - positives
    return (negatives / positives.clamp(min=1)).sqrt().clamp(1.0, cap)


def masked_bce(logits: Tensor, labels: Tensor, positive_weight: Tensor, row_weight: Tensor, known: float) -> Tensor:
    """Return the loss over the known labels as a share of that of a whole step; unknown ones (NaN) have no part in it.

    The sum is divided by the `known` labels of all batches and workers of an optimiser step, so that adding up the
    shares gives the step's mean, whichever way its rows are split.

    Args:
        logits: [n, 8]
        labels: [n, 8] of 0 to 1 or NaN
        positive_weight: [8]
        row_weight: [n], factor of each row's loss
        known: known labels of the whole step
    """
    loss = functional.binary_cross_entropy_with_logits(
        logits, labels.nan_to_num(0.0), pos_weight=positive_weight, reduction="none"
    )
    return torch.where(labels.isnan(), 0.0, loss * row_weight.unsqueeze(1)).sum() / max(known, 1.0)
