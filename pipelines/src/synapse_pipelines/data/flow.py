"""Where the rows of a source table went: every row that came in is counted once."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Flow(BaseModel):
    """Rows of one table: how many came in, how many were kept out by reason, how many are used by split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    came_in: int
    quarantined: dict[str, int]
    left_out: dict[str, int]
    used: dict[str, int]

    @property
    def balance(self) -> int:
        """Rows that are counted nowhere or twice; always 0."""
        parts = (self.quarantined, self.left_out, self.used)
        return self.came_in - sum(sum(part.values()) for part in parts)
