"""Plots of a study as PNG files, and which of its settings mattered."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Final

import matplotlib as mpl
import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.visualization import matplotlib as plots

from synapse_pipelines.search.study import accepting_experimental, best_first

mpl.use("Agg")

MIN_FOR_IMPORTANCE: Final = 8
"""Complete trials below which importances would be noise."""


def importance(study: optuna.Study, seed: int) -> dict[str, float]:
    """Return for each setting the share of the objective's variance that it explains, the largest first.

    Method: functional ANOVA over a random forest (Hutter et al., 2014). Empty with fewer than `MIN_FOR_IMPORTANCE`
    complete trials, or where they are all alike.
    """
    complete = best_first(study)
    if len(complete) < MIN_FOR_IMPORTANCE or complete[0].value == complete[-1].value:
        return {}
    return get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=seed))


def plot_pngs(study: optuna.Study, seed: int) -> dict[str, bytes]:
    """Return the plots by name: ``history``, ``looks``, ``settings`` and, with enough trials, ``importance``."""
    names = sorted({name for trial in best_first(study) for name in trial.params})
    drawn = {
        "history": _png(lambda: plots.plot_optimization_history(study)),
        "looks": _png(lambda: plots.plot_intermediate_values(study)),
        "settings": _png(lambda: plots.plot_slice(study, params=names)),
    }
    if importance(study, seed):
        evaluator = FanovaImportanceEvaluator(seed=seed)
        drawn["importance"] = _png(lambda: plots.plot_param_importances(study, evaluator=evaluator))
    return drawn


def _png(draw: Callable[[], Any]) -> bytes:
    """Return what `draw` leaves in pyplot's present figure. Optuna draws through pyplot, whose style it changes."""
    from matplotlib import pyplot as plt

    buffer = io.BytesIO()
    with plt.style.context("default"), accepting_experimental():
        draw()
        figure = plt.gcf()
        for axes in figure.axes:
            axes.tick_params(which="minor", labelbottom=False)  # they would overlap on logarithmic scales
        try:
            figure.savefig(buffer, format="png", dpi=90, bbox_inches="tight")
        finally:
            plt.close(figure)
    return buffer.getvalue()
