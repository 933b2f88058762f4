"""A model's answers on a set of labelled texts: what every figure is computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from synapse_common.decision import DecisionRule, Flags, Floats
from synapse_common.taxonomy import CATEGORIES

from synapse_pipelines.evaluation.bootstrap import Counts, Estimate, auprc_replicates, estimate, with_intervals
from synapse_pipelines.evaluation.metrics import CategoryFigures, counted_categories, macro_auprc
from synapse_pipelines.training.loss import label_tensor


@dataclass(frozen=True)
class Measured:
    """Scores and verdicts beside the labels; every array has one row for each text."""

    scores: Floats
    """Calibrated scores [n, 8]."""
    hits: Flags
    """Scores that reach their thresholds [n, 8]."""
    labels: Floats
    """1, 0 or NaN for unknown [n, 8]."""

    @classmethod
    def of(cls, logits: Floats, rule: DecisionRule, rows: pd.DataFrame) -> Measured:
        """Apply `rule` to the logits [n, 8] of labelled `rows`."""
        scores = rule.scores(logits)
        return cls(scores, rule.hits(scores), label_tensor(rows).numpy())

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """The verdict [n]: any category's score reaches its threshold."""
        return np.asarray(self.hits.any(axis=1), dtype=np.bool_)

    @property
    def truth(self) -> NDArray[np.float32]:
        """What the verdict should be [n]: 1 with a positive label, 0 where known not to be toxic, else NaN."""
        harmful = (self.labels == 1).any(axis=1)
        return np.where(harmful, 1.0, np.where(self.labels[:, 0] == 0, 0.0, np.nan)).astype(np.float32)

    def at(self, rows: NDArray[np.generic]) -> Measured:
        """Return the part that `rows` (numbers, or booleans [n]) select."""
        return Measured(self.scores[rows], self.hits[rows], self.labels[rows])

    def category_figures(self, counts: Counts) -> dict[str, CategoryFigures]:
        """Return the figures of each category with intervals, from resamples [b, n]."""
        return {
            name: with_intervals(counts, self.scores[:, i], self.hits[:, i], self.labels[:, i])
            for i, name in enumerate(CATEGORIES)
        }

    def verdict_figures(self, counts: Counts) -> CategoryFigures:
        """Return the figures of the verdict with intervals; its score is the text's highest."""
        top = self.scores.max(axis=1) if len(self.scores) else np.zeros(0, np.float32)
        return with_intervals(counts, top, self.flagged, self.truth)

    def macro(self, counts: Counts) -> Estimate | None:
        """Return macro AUPRC with its interval; None where no category has enough labels."""
        if not counted_categories(self.labels):
            return None
        return estimate(macro_auprc(self.scores, self.labels), auprc_replicates(counts, self.scores, self.labels))
