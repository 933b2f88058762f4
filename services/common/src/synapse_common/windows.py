"""Texts longer than the model's window: read in overlapping windows, judged by the strongest.

Without this, whatever stands behind the window's end would pass unread. Training and serving share the rule, so that
thresholds are chosen for what is served.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synapse_common.decision import Floats


def overlap(max_tokens: int) -> int:
    """Tokens that neighbouring windows of `max_tokens` share: a quarter, so that few phrases are cut in both."""
    return max_tokens // 4


def strongest(logits: Floats, owners: NDArray[np.int64], texts: int) -> Floats:
    """Logits [texts, c] of texts from those of their windows.

    Args:
        logits: [windows, c].
        owners: [windows], the number of the text that each window belongs to; every text has at least one.
        texts: how many texts there are.
    """
    result = np.full((texts, logits.shape[1]), -np.inf, dtype=np.float32)
    np.maximum.at(result, owners, logits)
    return result
