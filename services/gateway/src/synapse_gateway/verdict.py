"""What moderation says about one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Route = Literal["chat_input", "chat_output", "moderate"]


@dataclass(frozen=True)
class CategoryScore:
    """Calibrated probability (0 to 1) of one category, and whether it reaches the category's threshold."""

    category: str
    score: float
    flagged: bool


@dataclass(frozen=True)
class Verdict:
    """Every category of the taxonomy in its order; flagged when any category is."""

    flagged: bool
    categories: tuple[CategoryScore, ...]
    model_version: str

    @property
    def hits(self) -> tuple[CategoryScore, ...]:
        """The categories at or over their thresholds."""
        return tuple(score for score in self.categories if score.flagged)


@dataclass(frozen=True)
class Observation:
    """A text and its verdict, on the way to the recorder. The text never leaves the process."""

    route: Route
    text: str
    verdict: Verdict


def worst_of(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict for a text that was moderated in parts: the highest score of each category."""
    columns = zip(*(verdict.categories for verdict in verdicts), strict=True)
    categories = tuple(max(column, key=lambda score: (score.flagged, score.score)) for column in columns)
    return Verdict(any(verdict.flagged for verdict in verdicts), categories, verdicts[-1].model_version)
