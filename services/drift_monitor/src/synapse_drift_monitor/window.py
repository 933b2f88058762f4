"""The latest observations of one model version, bounded in number and age."""

from __future__ import annotations

from collections import deque

import numpy as np
import pandas as pd
from synapse_common.taxonomy import COLUMNS

from synapse_drift_monitor.events import Observation


class Window:
    """A ring of observations. `revision` changes whenever the content does."""

    def __init__(self, size: int, max_age_s: float) -> None:
        self._rows: deque[tuple[float, Observation]] = deque(maxlen=size)
        self._max_age_s = max_age_s
        self.total_events = 0
        self.revision = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, observation: Observation, now: float) -> None:
        """Append an observation that arrived at `now` (seconds of a clock that never goes back)."""
        self._rows.append((now, observation))
        self.revision += 1

    def expire(self, now: float) -> None:
        """Drop what is older than the window's age."""
        while self._rows and now - self._rows[0][0] > self._max_age_s:
            self._rows.popleft()
            self.revision += 1

    def frame(self) -> pd.DataFrame:
        """The content with the columns of a bundle's ``reference.parquet``."""
        rows = [row for _, row in self._rows]
        scores = np.array([row.scores for row in rows], dtype=np.float32).reshape(len(rows), len(COLUMNS))
        columns: dict[str, object] = {f"score__{column}": scores[:, i] for i, column in enumerate(COLUMNS)}
        columns["text_length"] = np.array([row.text_length for row in rows], dtype=np.int64)
        columns["language"] = [row.language for row in rows]
        columns["flagged"] = np.array([row.flagged for row in rows], dtype=np.bool_)
        return pd.DataFrame(columns)
