"""One evaluation as a self-contained HTML page and as Markdown, for the Kubeflow UI and the tracker."""

from __future__ import annotations

import base64
import io
from importlib.resources import files
from typing import Any

import matplotlib as mpl
from jinja2 import Environment
from matplotlib.figure import Figure

from synapse_pipelines.evaluation.evaluate import Evaluation
from synapse_pipelines.training.card import figures_table

mpl.use("Agg")

_PAGE = Environment(autoescape=True, trim_blocks=True).from_string(
    files(__package__).joinpath("report.html.j2").read_text("utf-8")
)


_DARK_SHARE = 0.6  # of a row; from here on a cell is too dark for black digits


def html_report(evaluation: Evaluation) -> str:
    """Return the evaluation as one HTML page with its plots inside."""
    plots = {name: base64.b64encode(png).decode() for name, png in plot_pngs(evaluation).items()}
    return _PAGE.render(e=_rounded(evaluation), **plots)


def markdown_summary(evaluation: Evaluation) -> str:
    """Return the main figures as Markdown."""
    verdict = evaluation.flagged["all"]
    return (
        f"# Evaluation\n\nData `{evaluation.data.name}` version `{evaluation.data.version}`. Macro AUPRC "
        f"**{evaluation.macro_auprc:.4f}**, baseline {evaluation.baseline_macro_auprc:.4f}. Flagged or not: accuracy "
        f"{verdict.accuracy or 0:.3f}, F1 {verdict.f1 or 0:.3f}. Everyday chat flagged: "
        f"{evaluation.chat_flag_rate:.2%}.\n\n{figures_table(evaluation)}\n"
    )


def plot_pngs(evaluation: Evaluation) -> dict[str, bytes]:
    """Return the plots as PNG bytes: ``pr``, ``roc`` and ``confusion``."""
    return {
        "pr": _curve_plot(evaluation, "recall", "precision"),
        "roc": _curve_plot(evaluation, "fpr", "tpr"),
        "confusion": _confusion_plot(evaluation),
    }


def _curve_plot(evaluation: Evaluation, x: str, y: str) -> bytes:
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for name, points in evaluation.curves.items():
        axes.plot(points[x], points[y], label=name)
    axes.set(xlabel=x, ylabel=y, xlim=(0, 1), ylim=(0, 1.02))
    if evaluation.curves:
        axes.legend(fontsize="small")
    return _png(figure)


def _confusion_plot(evaluation: Evaluation) -> bytes:
    figure = Figure(figsize=(12, 6), layout="constrained")
    for axes, (name, matrix) in zip(figure.subplots(2, 4).flat, evaluation.confusion.items(), strict=True):
        axes.imshow([[count / max(1, sum(row)) for count in row] for row in matrix], cmap="Blues", vmin=0, vmax=1)
        for row in range(2):
            for column in range(2):
                dark = matrix[row][column] > _DARK_SHARE * sum(matrix[row])
                axes.text(column, row, str(matrix[row][column]), ha="center", va="center", color="w" if dark else "k")
        axes.set_title(name)
        axes.set(xticks=[0, 1], yticks=[0, 1], xlabel="flagged", ylabel="labelled")
    return _png(figure)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return buffer.getvalue()


def _rounded(evaluation: Evaluation) -> dict[str, Any]:
    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: short(inner) for key, inner in value.items()}
        return f"{value:.3f}" if isinstance(value, float) else value

    plain = evaluation.model_dump()
    return plain | {"figures": short(plain["figures"])}
