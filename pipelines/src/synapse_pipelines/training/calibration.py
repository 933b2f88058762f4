"""Calibration of one category's logits: score = sigmoid(scale * logit + bias), fitted to validation.

Three forms compete by cross-validated log loss: no change, temperature (scale alone; Guo et al., 2017) and Platt's
(scale and bias; Platt, 1999). The fit is maximum a posteriori with a weak prior centred on no change, so that a
category of a dozen positives moves little, and the order of texts cannot turn round (scale > 0).
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.optimize import minimize
from sklearn.model_selection import StratifiedKFold
from synapse_common.decision import Calibration

Method = Literal["none", "temperature", "platt"]

MIN_EXAMPLES: Final = 10
"""Positives, and negatives, that a category needs in validation; with fewer, scores stay as they are."""

_FOLDS: Final = 5
_LOG_SCALE_DEVIATION: Final = 0.5
# Wide: training weighs rare positives up, which alone moves the bias by up to the logarithm of that weight.
_BIAS_DEVIATION: Final = 2.0

Values = NDArray[np.float64]


class CalibrationChoice(BaseModel):
    """The calibration of one category and why it was taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calibration: Calibration = Calibration()
    method: Method = "none"
    log_loss: dict[Method, float] = {}
    """Mean log loss on held-out folds, by method; empty where there were too few examples to compare."""


def choose_calibration(logits: NDArray[np.float32], truth: NDArray[np.bool_], seed: int) -> CalibrationChoice:
    """Return the form with the lowest cross-validated log loss, fitted to all of logits [n] and truth [n].

    With fewer than `MIN_EXAMPLES` positives or negatives the logits are left as they are.
    """
    if min(int(truth.sum()), int((~truth).sum())) < MIN_EXAMPLES:
        return CalibrationChoice()
    own = logits.astype(np.float64)
    # Sorted, so that the folds, and with them the choice, do not depend on the order of the rows.
    order = np.lexsort((truth, own))
    own, right = own[order], truth[order]
    folds = list(StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(own, right))
    methods: tuple[Method, ...] = ("none", "temperature", "platt")
    losses: dict[Method, float] = {}
    for method in methods:
        held_out = [_losses(fit(own[train], right[train], method), own[test], right[test]) for train, test in folds]
        losses[method] = float(np.concatenate(held_out).mean())
    best = min(methods, key=losses.__getitem__)
    return CalibrationChoice(calibration=fit(own, right, best), method=best, log_loss=losses)


def fit(logits: Values, truth: NDArray[np.bool_], method: Method) -> Calibration:
    """Return the calibration of form `method` that is most probable given logits [n] and truth [n]."""
    if method == "none":
        return Calibration()
    free = np.array([1.0, 1.0 if method == "platt" else 0.0])

    def objective(values: Values) -> tuple[float, Values]:
        scale, bias = np.exp(values[0]), values[1] * free[1]
        z = scale * logits + bias
        error = 0.5 * (1 + np.tanh(z / 2)) - truth
        prior = (values[0] / _LOG_SCALE_DEVIATION) ** 2 / 2 + (bias / _BIAS_DEVIATION) ** 2 / 2
        slope = np.array(
            [
                (error * logits).sum() * scale + values[0] / _LOG_SCALE_DEVIATION**2,
                error.sum() + bias / _BIAS_DEVIATION**2,
            ]
        )
        return float((np.logaddexp(0, z) - truth * z).sum() + prior), slope * free

    found = minimize(objective, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(-4, 4), (-20, 20)])
    return Calibration(scale=float(np.exp(found.x[0])), bias=float(found.x[1] * free[1]))


def _losses(calibration: Calibration, logits: Values, truth: NDArray[np.bool_]) -> Values:
    z = calibration.scale * logits + calibration.bias
    return np.asarray(np.logaddexp(0, z) - truth * z, dtype=np.float64)
