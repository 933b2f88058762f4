"""The card as Markdown, and its files in a bundle."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from synapse_pipelines.evaluation.bootstrap import Estimate
from synapse_pipelines.evaluation.evaluate import ALL_LANGUAGES
from synapse_pipelines.evaluation.metrics import CategoryFigures
from synapse_pipelines.evaluation.thresholds import Rate
from synapse_pipelines.registry.card.data import ENOUGH_POSITIVES, CardData
from synapse_pipelines.registry.card.history import history_svg

_LANGUAGES: Final = {"en": "English", "pt": "Portuguese"}


def write_card(card: CardData, folder: Path) -> None:
    """Write ``CARD.md``, ``card.json`` and ``card-history.svg`` into `folder`."""
    (folder / "card.json").write_text(card.model_dump_json(indent=1), encoding="utf-8")
    (folder / "CARD.md").write_text(markdown_card(card), encoding="utf-8")
    (folder / "card-history.svg").write_text(history_svg(card.history), encoding="utf-8")


def markdown_card(card: CardData) -> str:
    """Return the card as Markdown."""
    return _TEMPLATE.render(c=card, languages=[ALL_LANGUAGES, "en", "pt"], enough=ENOUGH_POSITIVES)


def _estimate(value: Estimate | None) -> str:
    if value is None:
        return "-"
    return _with_interval(value.value, value.interval)


def _figure(figures: CategoryFigures, name: str) -> str:
    value = getattr(figures, name)
    return "-" if value is None else _with_interval(value, figures.intervals.get(name))


def _with_interval(value: float, interval: tuple[float, float] | None) -> str:
    return f"{value:.3f}" + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")


def _rate(rate: Rate | None) -> str:
    return "no data" if rate is None else f"{rate.value:.1%} of {rate.n:,} (at most {rate.upper:.1%})"


# The card is Markdown, which a browser never reads as HTML.
_ENVIRONMENT = Environment(autoescape=False, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)  # noqa: S701
_ENVIRONMENT.filters |= {"estimate": _estimate, "figure": _figure, "rate": _rate, "language": _LANGUAGES.__getitem__}
_TEMPLATE = _ENVIRONMENT.from_string(files(__package__).joinpath("card.md.j2").read_text("utf-8"))
