"""How many labels of a category are wrong, estimated by confident learning (Northcutt, Jiang and Chuang, 2021).

A text counts as confidently positive when its score reaches the mean score of texts labelled positive, and as
confidently negative likewise. Confident texts whose label says otherwise are taken for mislabelled; their share,
scaled to the number of labels of each kind, is the noise. The scores must come from a model that has not seen the
labels in question. No model's accuracy against noisy labels can be expected to exceed one minus their noise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import Floats

from synapse_pipelines.evaluation.bootstrap import Counts, Estimate, Values, estimate


class LabelNoise(BaseModel):
    """Share of labels that are probably wrong, by kind, and the accuracy that this leaves within reach."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    wrong_positives: float
    """Share of the texts labelled positive that are probably negative."""
    wrong_negatives: float
    ceiling: Estimate
    """One minus the share of wrong labels: the accuracy of a model that is always right."""


def label_noise(scores: NDArray[np.float32], labels: Floats, counts: Counts) -> LabelNoise | None:
    """Estimate the noise of labels [n] (NaN: unknown) from scores [n] that never saw them, resampled by counts [b, n].

    Returns:
        None where the known labels are all of one kind, or no text is confidently of one.
    """
    known = ~np.isnan(labels)
    truth, score, drawn = labels[known] == 1, scores[known].astype(np.float64), counts[:, known]
    if truth.all() or not truth.any():
        return None
    rates = _wrong_shares(np.ones((1, len(truth))), score, truth)
    if np.isnan(rates).any():
        return None
    prevalence = float(truth.mean())
    noise = rates[0] @ np.array([prevalence, 1 - prevalence])
    parts = np.array_split(drawn, max(1, len(drawn) // 100))
    replicates = np.concatenate([_noise(part.astype(np.float64), score, truth) for part in parts])
    return LabelNoise(
        n=len(truth),
        wrong_positives=float(rates[0, 0]),
        wrong_negatives=float(rates[0, 1]),
        ceiling=estimate(1 - float(noise), 1 - replicates),
    )


def _noise(weights: Values, scores: Values, truth: NDArray[np.bool_]) -> Values:
    shares = _wrong_shares(weights, scores, truth)
    prevalence = weights @ truth / np.maximum(weights.sum(axis=1), 1)
    return np.asarray(shares[:, 0] * prevalence + shares[:, 1] * (1 - prevalence), dtype=np.float64)


def _wrong_shares(weights: Values, scores: Values, truth: NDArray[np.bool_]) -> Values:
    """Return the shares [b, 2] of positives and of negatives that are probably wrong, in each resample [b, n]."""
    positives, negatives = weights @ truth, weights @ ~truth
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample without one of the kinds has no value
        positive_from = (weights @ (scores * truth) / positives)[:, None]
        negative_from = (weights @ ((1 - scores) * ~truth) / negatives)[:, None]
        is_positive, is_negative = scores >= positive_from, 1 - scores >= negative_from
        # A text that is both counts as what its score says.
        both, more_positive = is_positive & is_negative, scores >= 0.5
        is_positive, is_negative = is_positive & (~both | more_positive), is_negative & (~both | ~more_positive)
        joint = {
            (label, found): (weights * (kind & confident)).sum(axis=1)
            for label, kind in ((1, truth), (0, ~truth))
            for found, confident in ((1, is_positive), (0, is_negative))
        }
        return np.column_stack(
            [
                joint[1, 0] / (joint[1, 0] + joint[1, 1]),
                joint[0, 1] / (joint[0, 0] + joint[0, 1]),
            ]
        )
