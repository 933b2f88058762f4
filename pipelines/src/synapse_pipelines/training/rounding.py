"""Round weights to few levels so that what they compute stays, not so that each weight stays.

GPTQ (Frantar et al., 2023), after Optimal Brain Surgeon (Hassibi and Stork, 1993): input channels are rounded one
after the other, and the error of each is made good by those not yet rounded, as far as the inputs let it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_DAMPING: Final = 0.01
"""Of the mean of the diagonal, added to it: inputs that never vary would make the matrix singular."""


def round_weights(
    weights: NDArray[np.float32], seen: NDArray[np.float64], scale: NDArray[np.float32], levels: int
) -> NDArray[np.int8]:
    """Return whole numbers [k, n], at most `levels` either side of zero, that times `scale` [n] stand for `weights`.

    Args:
        weights: [k, n], what inputs [k] are multiplied with.
        seen: [k, k], sum of the outer products of inputs.
        scale: [n], the step of each output channel.
        levels: largest whole number.
    """
    ridge = max(_DAMPING * float(np.diag(seen).mean()), float(np.finfo(np.float32).tiny))
    damped = seen + np.eye(len(seen)) * ridge
    # The liveliest inputs first: while there are many left to make good what rounding them costs.
    order = np.argsort(-np.diag(damped), kind="stable")
    inverse = np.linalg.inv(damped[np.ix_(order, order)])
    upper = np.linalg.cholesky(inverse).T.astype(np.float32)
    left = weights[order].astype(np.float32)
    rounded = np.empty(weights.shape, dtype=np.int8)
    for place, channel in enumerate(order):
        whole = np.clip(np.rint(left[place] / scale), -levels, levels)
        rounded[channel] = whole.astype(np.int8)
        error = (left[place] - whole * scale) / upper[place, place]
        left[place + 1 :] -= np.outer(upper[place, place + 1 :], error)
    return rounded
