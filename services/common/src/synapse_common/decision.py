"""From a moderation model's logits to scores and flags: the same arithmetic for training, evaluation and serving."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from synapse_common.taxonomy import CATEGORIES

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


class Calibration(BaseModel):
    """Platt scaling of one category: score = sigmoid(scale * logit + bias)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    bias: float = Field(default=0.0, allow_inf_nan=False)


class DecisionRule(BaseModel):
    """Thresholds and calibration of every category; the content of a bundle's ``thresholds.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    thresholds: dict[str, float]
    calibration: dict[str, Calibration]

    @model_validator(mode="after")
    def _covers_the_taxonomy(self) -> Self:
        for name, table in (("thresholds", self.thresholds), ("calibration", self.calibration)):
            if set(table) != set(CATEGORIES):
                raise ValueError(f"{name} must name exactly these categories: {', '.join(CATEGORIES)}")
        if not all(0.0 < value <= 1.0 for value in self.thresholds.values()):
            raise ValueError("every threshold must lie in (0, 1]")
        return self

    def scores(self, logits: Floats) -> Floats:
        """Map logits [n, c] to calibrated probabilities [n, c], both in the order of `CATEGORIES`."""
        scale = np.array([self.calibration[name].scale for name in CATEGORIES], dtype=np.float32)
        bias = np.array([self.calibration[name].bias for name in CATEGORIES], dtype=np.float32)
        # tanh form of the sigmoid: no overflow for large logits
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * (logits * scale + bias))), dtype=np.float32)

    def hits(self, scores: Floats) -> Flags:
        """Tell for each score [n, c] whether it reaches its category's threshold, as booleans [n, c]."""
        limits = np.array([self.thresholds[name] for name in CATEGORIES], dtype=np.float32)
        return np.asarray(scores >= limits, dtype=np.bool_)

    def flagged(self, scores: Floats) -> Flags:
        """Tell for each row of scores [n, c] whether any category reaches its threshold, as booleans [n]."""
        return np.asarray(self.hits(scores).any(axis=1), dtype=np.bool_)
