"""How long the caller still waits. It travels with the call, so that no step works for nobody."""

from __future__ import annotations

import time
from dataclasses import dataclass

from synapse_common.errors import DeadlineExceeded


@dataclass(frozen=True)
class Deadline:
    """A point on the monotonic clock (seconds), or None where the caller waits for ever."""

    at: float | None = None

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """The deadline `seconds` from now."""
        return cls(None if seconds is None else time.monotonic() + seconds)

    def within(self, limit_s: float) -> float:
        """Seconds that a step with its own limit may take.

        Raises:
            DeadlineExceeded: nothing is left.
        """
        if self.at is None:
            return limit_s
        remaining = self.at - time.monotonic()
        if remaining <= 0:
            raise DeadlineExceeded("the deadline of the call passed before its answer was there")
        return min(limit_s, remaining)
