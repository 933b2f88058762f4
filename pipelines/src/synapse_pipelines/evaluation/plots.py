"""The plots of an evaluation, as SVG for the report and PNG for the tracker and for pages that take images alone."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from synapse_pipelines.evaluation.bootstrap import Estimate
from synapse_pipelines.evaluation.evaluate import ALL_LANGUAGES, Evaluation

mpl.use("Agg")

# Okabe and Ito's palette, which people with any common colour blindness can tell apart, and line styles besides.
_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999")
_STYLES: Final = ("-", "--", "-.", ":")
_DARK_SHARE: Final = 0.6  # of a row; from here on a cell is too dark for black digits


def plot_figures(evaluation: Evaluation) -> dict[str, Figure]:
    """Return the plots by name; one that has nothing to show is left out."""
    found: dict[str, Figure | None] = {
        "pr": _curves(evaluation, "recall", "precision"),
        "roc": _curves(evaluation, "fpr", "tpr"),
        "confusion": _confusion(evaluation),
        "reliability": _reliability(evaluation),
        "baselines": _baselines(evaluation),
        "slices": _slices(evaluation),
        "identity": _identity(evaluation),
        "attacks": _attacks(evaluation),
    }
    return {name: figure for name, figure in found.items() if figure is not None}


def plot_pngs(evaluation: Evaluation) -> dict[str, bytes]:
    """Return the plots as PNG bytes by name."""
    return {name: _saved(figure, "png") for name, figure in plot_figures(evaluation).items()}


def plot_svgs(evaluation: Evaluation) -> dict[str, str]:
    """Return the plots as SVG elements by name, to stand inside a page."""
    found = {}
    for name, figure in plot_figures(evaluation).items():
        # Names of parts are made from a salt: plots on one page must not share them, and equal plots should be equal.
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.family": "sans-serif"}):
            text = _saved(figure, "svg").decode()
        found[name] = text[text.index("<svg") :]
    return found


def _saved(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=90, metadata={"Date": None} if kind == "svg" else None)
    return buffer.getvalue()


def _curves(evaluation: Evaluation, x: str, y: str) -> Figure:
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for number, (name, points) in enumerate(evaluation.curves.items()):
        area = evaluation.figures[ALL_LANGUAGES][name]
        value = area.auprc if x == "recall" else area.auroc
        label = f"{name} ({value:.3f}, {area.positives} positives)"
        axes.plot(points[x], points[y], _STYLES[number % len(_STYLES)], color=_COLOURS[number], label=label)
    if x == "fpr":
        axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    labels = {"fpr": "false-positive rate", "tpr": "recall"}
    axes.set(xlabel=labels.get(x, x), ylabel=labels.get(y, y), xlim=(0, 1), ylim=(0, 1.02))
    if evaluation.curves:
        axes.legend(fontsize="small", title="area under the curve", title_fontsize="small")
    return figure


def _confusion(evaluation: Evaluation) -> Figure:
    figure = Figure(figsize=(12, 6), layout="constrained")
    for axes, (name, matrix) in zip(figure.subplots(2, 4).flat, evaluation.confusion.items(), strict=True):
        axes.imshow([[count / max(1, sum(row)) for count in row] for row in matrix], cmap="Blues", vmin=0, vmax=1)
        for row in range(2):
            for column in range(2):
                dark = matrix[row][column] > _DARK_SHARE * sum(matrix[row])
                axes.text(column, row, str(matrix[row][column]), ha="center", va="center", color="w" if dark else "k")
        axes.set_title(name)
        axes.set(xticks=[0, 1], yticks=[0, 1], xlabel="flagged", ylabel="labelled")
    return figure


def _reliability(evaluation: Evaluation) -> Figure:
    figure = Figure(figsize=(12, 6.4), layout="constrained")
    most = max((one.n for bins in evaluation.reliability.values() for one in bins), default=1)
    for axes, (name, bins) in zip(figure.subplots(2, 4).flat, evaluation.reliability.items(), strict=True):
        axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
        axes.scatter(
            [one.mean_score for one in bins],
            [one.share_positive for one in bins],
            s=[8 + 150 * math.sqrt(one.n / most) for one in bins],
            color=_COLOURS[0],
            alpha=0.75,
        )
        error = evaluation.figures[ALL_LANGUAGES][name].ece
        axes.set_title(name if error is None else f"{name}: ECE {error:.3f}", fontsize="medium")
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="mean score", ylabel="share positive", aspect="equal")
    return figure


def _baselines(evaluation: Evaluation) -> Figure | None:
    names = [name for name, one in evaluation.figures[ALL_LANGUAGES].items() if one.auprc is not None]
    if not names:
        return None
    models: dict[str, Callable[[str], Any]] = {"this model": evaluation.figures[ALL_LANGUAGES].get}
    models |= {name: one.figures[ALL_LANGUAGES].get for name, one in evaluation.baselines.items()}
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(models)
    for number, (model, figures) in enumerate(models.items()):
        for place, name in enumerate(names):
            if (one := figures(name)) is None or one.auprc is None:
                continue
            low, high = one.intervals.get("auprc", (one.auprc, one.auprc))
            axes.bar(
                place + (number - (len(models) - 1) / 2) * width,
                one.auprc,
                width,
                yerr=[[one.auprc - low], [high - one.auprc]],
                color=_COLOURS[number],
                capsize=2,
                label=model if place == 0 else None,
                hatch=("", "//", "..", "xx")[number],
                edgecolor="white",
            )
    axes.set_xticks(range(len(names)), names, rotation=20, ha="right")
    axes.set(ylabel="AUPRC", ylim=(0, 1.02))
    figure.legend(fontsize="small", loc="outside upper center", ncols=len(models))
    return figure


def _slices(evaluation: Evaluation) -> Figure | None:
    rows = [(f"{one.kind}: {one.name} (n={one.n})", one.macro_auprc) for one in evaluation.slices if one.macro_auprc]
    return _dots(rows, "macro AUPRC", evaluation.macro_auprc, "whole test split")


def _identity(evaluation: Evaluation) -> Figure | None:
    gap = evaluation.identity
    rows = [(f"{name} (n={gap.negatives[name]})", rate) for name, rate in gap.groups.items()]
    overall = evaluation.flagged[ALL_LANGUAGES].false_positive_rate
    return _dots(rows, "false-positive rate of the verdict on harmless texts", overall, "all harmless texts")


def _attacks(evaluation: Evaluation) -> Figure | None:
    rows = [(one.trick, one.recall) for one in evaluation.attacks if one.recall is not None]
    plain = rows[0][1].value if rows else None
    return _dots(rows, "recall of the verdict on harmful texts", plain, "as written")


def _dots(rows: Sequence[tuple[str, Estimate]], label: str, line: float | None, line_label: str) -> Figure | None:
    """Points with intervals, one row each, the first on top; a line for the whole."""
    if not rows:
        return None
    figure = Figure(figsize=(9, 1.2 + 0.28 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, (_, one) in enumerate(rows):
        low, high = one.interval or (one.value, one.value)
        bounds = [[one.value - low], [high - one.value]]
        axes.errorbar(one.value, place, xerr=bounds, fmt="o", color=_COLOURS[0], capsize=3)
    if line is not None:
        axes.axvline(line, color=_COLOURS[1], linestyle="--", linewidth=1, label=f"{line_label}: {line:.3f}")
        axes.legend(fontsize="small")
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set(xlabel=label, ylim=(len(rows) - 0.5, -0.5), xlim=(0, None))
    axes.grid(axis="x", color="#eeeeee")
    return figure
