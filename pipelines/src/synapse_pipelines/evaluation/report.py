"""One evaluation as a self-contained HTML page and as Markdown, for the Kubeflow UI and the tracker."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment
from markupsafe import Markup

from synapse_pipelines.evaluation.bootstrap import LEVEL, RESAMPLES, Estimate
from synapse_pipelines.evaluation.evaluate import ALL_LANGUAGES, Evaluation
from synapse_pipelines.evaluation.identity import MIN_NEGATIVES
from synapse_pipelines.evaluation.metrics import BINS, MIN_FOR_MACRO, CategoryFigures
from synapse_pipelines.evaluation.plots import plot_svgs
from synapse_pipelines.evaluation.tables import figures_table

_MISSING = "-"


def html_report(evaluation: Evaluation) -> str:
    """Return the evaluation as one HTML page with its plots inside."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "figure": _figure,
        "stacked": _stacked,
        "estimate": _estimate,
        "number": _number,
        "percent": _percent,
    }
    page = environment.from_string(files(__package__).joinpath("report.html.j2").read_text("utf-8"))
    return page.render(
        e=evaluation,
        plots=plot_svgs(evaluation),
        all=ALL_LANGUAGES,
        min_for_macro=MIN_FOR_MACRO,
        min_negatives=MIN_NEGATIVES,
        bins=BINS,
        resamples=RESAMPLES,
        level=LEVEL,
    )


def markdown_summary(evaluation: Evaluation) -> str:
    """Return the main figures as Markdown."""
    data, verdict = evaluation.data, evaluation.flagged[ALL_LANGUAGES]
    summary = (
        f"Data `{data.name}` version `{data.version}`. Macro AUPRC **{evaluation.macro_auprc:.4f}**, baseline "
        f"{evaluation.baseline_macro_auprc:.4f}. Flagged or not: accuracy {verdict.accuracy or 0:.3f}, F1 "
        f"{verdict.f1 or 0:.3f}. Everyday chat flagged: {evaluation.chat_flag_rate:.2%}."
    )
    lines = ["# Evaluation", "", summary, "", "| goal | wanted | value (95 % interval) | outcome |"]
    lines.append("| --- | ---: | ---: | --- |")
    for goal in evaluation.goals:
        sign = "≥" if goal.at_least else "≤"
        lines.append(f"| {goal.name} | {sign} {goal.limit:.3f} | {_estimate(goal.value)} | {goal.verdict} |")
    return "\n".join([*lines, "", figures_table(evaluation), ""])


def _figure(figures: CategoryFigures, name: str) -> str:
    """The figure `name` with its interval."""
    value = getattr(figures, name)
    return _MISSING if value is None else _estimate(Estimate(value=value, interval=figures.intervals.get(name)))


def _stacked(figures: CategoryFigures, name: str) -> Markup:
    """The figure `name` with its interval below it, for tables of many columns."""
    value, _, bounds = _figure(figures, name).partition(" ")
    return Markup("{}<br><small>{}</small>").format(value, bounds)


def _estimate(value: Estimate | None) -> str:
    if value is None:
        return _MISSING
    return f"{value.value:.3f}" + (
        "" if value.interval is None else f" ({value.interval[0]:.3f} to {value.interval[1]:.3f})"
    )


def _number(value: float | None) -> str:
    return _MISSING if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return _MISSING if value is None else f"{100 * value:.1f} %"
