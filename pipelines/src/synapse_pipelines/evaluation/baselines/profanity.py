"""The package `alt-profanity-check`: a linear model of words, trained by its authors on English comments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def profanity_scores(texts: list[str]) -> NDArray[np.float32]:
    """Return the probability [n] of each text to be profane.

    The package unpickles its model at import and requires the very scikit-learn release that wrote it, which pip sees
    to; nothing else of ours does, so it is imported here alone.
    """
    if not texts:
        return np.zeros(0, dtype=np.float32)
    from profanity_check import predict_prob

    return np.asarray(predict_prob(texts), dtype=np.float32)
