"""A figure over the steps of a run, as a plot."""

from __future__ import annotations

import io
from collections.abc import Mapping

import matplotlib as mpl
from matplotlib.figure import Figure

mpl.use("Agg")


def curve_svg(name: str, points: Mapping[int, float]) -> str:
    """Return the plot of `points`, from step to value, as SVG."""
    figure = Figure(figsize=(4.6, 2.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(list(points), list(points.values()), marker="o" if len(points) < 30 else None)
    axes.set(xlabel="step", title=name)
    axes.grid(alpha=0.3)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
