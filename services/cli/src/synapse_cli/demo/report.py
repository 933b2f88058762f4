"""The demo's report: one HTML file with its pictures inside."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader
from matplotlib.figure import Figure
from synapse_pipelines.evaluation.evaluate import Evaluation
from synapse_pipelines.evaluation.plots import plot_pngs

from synapse_cli.demo.steps import Outcome

_OBJECTIVES_MS = {"p50": 50, "p95": 100, "p99": 200}
_WARNING_PERCENT, _CRITICAL_PERCENT = 5, 10


def write_report(path: Path, outcomes: Sequence[Outcome], evaluation: Evaluation | None) -> None:
    """Write what the steps gave; sections of steps that did not run are left out."""
    parts: dict[str, Any] = {}
    for outcome in outcomes:
        parts |= outcome.report
    plots = plot_pngs(evaluation) if evaluation else {}
    if "latencies_ms" in parts:
        plots["latency"] = _latency_plot(parts["latencies_ms"])
    if "timeline" in parts:
        plots["drift"] = _drift_plot(parts["timeline"])
    environment = Environment(loader=PackageLoader("synapse_cli.demo", "."), autoescape=True, trim_blocks=True)
    page = environment.get_template("report.html.j2").render(
        outcomes=outcomes,
        evaluation=evaluation,
        parts=parts,
        plots={name: base64.b64encode(png).decode() for name, png in plots.items()},
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def quantiles(latencies_ms: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds."""
    values = np.percentile(latencies_ms, [50, 95, 99])
    return dict(zip(("p50", "p95", "p99"), (float(value) for value in values), strict=True))


def _latency_plot(latencies_ms: Sequence[float]) -> bytes:
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    axes.hist(latencies_ms, bins=60, color="#0284c7")
    for (name, value), colour in zip(quantiles(latencies_ms).items(), ("#16a34a", "#d97706", "#dc2626"), strict=True):
        axes.axvline(value, color=colour, label=f"{name} {value:.1f} ms (objective {_OBJECTIVES_MS[name]} ms)")
    axes.set(xlabel="milliseconds from the client, through gateway and predictor", ylabel="calls")
    axes.legend(fontsize="small")
    return _png(figure)


def _drift_plot(timeline: Sequence[dict[str, Any]]) -> bytes:
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for phase, colour in (("usual", "#16a34a"), ("shifted", "#dc2626")):
        points = [point for point in timeline if point["phase"] == phase]
        axes.plot(
            [point["events"] for point in points],
            [point["drift_percent"] for point in points],
            marker="o",
            color=colour,
            label=f"{phase} traffic",
        )
    axes.axhline(_WARNING_PERCENT, color="#d97706", linestyle="--", label="warning")
    axes.axhline(_CRITICAL_PERCENT, color="#dc2626", linestyle="--", label="critical")
    axes.set(xlabel="messages", ylabel="drift, %", ylim=(0, None))
    axes.legend(fontsize="small")
    return _png(figure)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return buffer.getvalue()
