"""What the engine needs of a backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt


class Backend(Protocol):
    """A loaded model. `logits` is called from `workers` threads at the same time."""

    workers: int
    job_texts: int | None
    """Texts that should run together; None leaves it to the settings."""

    def logits(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Raw outputs [n, c] of not normalised `texts`, in taxonomy order."""
