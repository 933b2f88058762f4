"""Where the rows of a source table went: every row that came in is counted once."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict

NO_LABEL: Final = "no label"
FOREIGN: Final = "language not asked for"
NOT_DRAWN: Final = "not drawn"
REPORTED: Final = "reported by somebody"
REPEATED: Final = "duplicate text"
NEAR_OTHER_SPLIT: Final = "near duplicate of a row in another split"
NEAR_SAME_SPLIT: Final = "near duplicate in its split"
OVER_LIMIT: Final = "over the limit of its split"
"""Reasons for which rows are left out; every other one is noise of some kind."""

_STEPS: Final = {
    "come into question": (NO_LABEL, FOREIGN, NOT_DRAWN, REPORTED),
    "no noise": (),
    "different texts": (REPEATED, NEAR_OTHER_SPLIT, NEAR_SAME_SPLIT),
    "used": (OVER_LIMIT,),
}


class Flow(BaseModel):
    """Rows of one table: how many came in, how many were kept out by reason, how many are used by split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    came_in: int
    quarantined: dict[str, int]
    left_out: dict[str, int]
    used: dict[str, int]

    @property
    def balance(self) -> int:
        """Rows that are counted nowhere, less those counted twice: always 0."""
        parts = (self.quarantined, self.left_out, self.used)
        return self.came_in - sum(sum(part.values()) for part in parts)

    @property
    def funnel(self) -> dict[str, int]:
        """Rows that are left after each step of preparation."""
        left = self.came_in - sum(self.quarantined.values())
        found = {"came in": self.came_in, "fit the schema": left}
        named = {reason for reasons in _STEPS.values() for reason in reasons}
        noise = sum(count for reason, count in self.left_out.items() if reason not in named)
        for step, reasons in _STEPS.items():
            left -= noise if not reasons else sum(self.left_out.get(reason, 0) for reason in reasons)
            found[step] = left
        return found
