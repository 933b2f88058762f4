"""What a trial is judged by: loss, accuracy and F1 on validation, and the one number that is made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from sklearn.metrics import precision_recall_curve
from synapse_common.decision import Floats

from synapse_pipelines.errors import DataError
from synapse_pipelines.evaluation.metrics import MIN_FOR_MACRO, counted_categories, macro_auprc
from synapse_pipelines.training.calibration import choose_calibration


class Figures(BaseModel):
    """Figures of a model on validation, each the mean over the categories that have enough labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    loss: float
    """Log loss in nats, calibrated on other folds than it is taken on."""
    explained: float
    """Share of the loss of always answering the category's prevalence that the model takes away; below 0: worse."""
    accuracy: float
    """Where calibrated scores of at least 0.5 count as hits."""
    f1: float
    """At the threshold where it is best."""
    macro_auprc: float
    objective: float
    """(explained + accuracy + f1) / 3: higher is better, at most 1."""


def figures(logits: Floats, labels: Floats, seed: int) -> Figures:
    """Return the figures of logits [n, 8] against labels [n, 8] (1, 0 or NaN for unknown).

    Calibrated, because the packaged model is: training weighs rare positives up, so that a setting would otherwise be
    judged by how far it moves scores, which calibration puts right.

    Raises:
        DataError: no category has enough labels.
    """
    columns = counted_categories(labels)
    if not columns:
        raise DataError(
            f"a search needs a category with {MIN_FOR_MACRO} positives and negatives in validation; "
            "raise the recipe's search.valid_rows, or have more labelled rows"
        )
    parts = np.array([_category(logits[:, column], labels[:, column], seed) for column in columns])
    loss, explained, accuracy, f1 = (round(float(mean), 6) for mean in parts.mean(axis=0))
    return Figures(
        loss=loss,
        explained=explained,
        accuracy=accuracy,
        f1=f1,
        macro_auprc=round(macro_auprc(logits, labels), 6),
        objective=round((explained + accuracy + f1) / 3, 6),
    )


def _category(logits: NDArray[np.float32], labels: NDArray[np.float32], seed: int) -> tuple[float, float, float, float]:
    known = ~np.isnan(labels)
    own, truth = logits[known], labels[known] == 1
    choice = choose_calibration(own, truth, seed)
    loss = choice.log_loss[choice.method]
    prevalence = float(truth.mean())
    prior = -(prevalence * np.log(prevalence) + (1 - prevalence) * np.log(1 - prevalence))
    hits = choice.calibration.scale * own + choice.calibration.bias >= 0
    precision, recall, _ = precision_recall_curve(truth, own)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return loss, 1 - loss / float(prior), float((hits == truth).mean()), float(f1.max())
