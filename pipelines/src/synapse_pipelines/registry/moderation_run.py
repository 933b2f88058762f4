"""What a moderation run in the tracker holds besides its parameters, figures and bundle."""

from __future__ import annotations

import math
from pathlib import Path

from synapse_pipelines.evaluation.evaluate import Evaluation, load_evaluation
from synapse_pipelines.evaluation.plots import plot_pngs
from synapse_pipelines.evaluation.report import html_report
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.registry.tracking import Run


def record_moderation(run: Run, evaluated: Path, recipe: Recipe) -> None:
    """Log data set, learning curves, report and plots of the evaluation in `evaluated`."""
    evaluation = load_evaluation(evaluated)
    data, training = evaluation.data, evaluation.training
    profile = data.model_dump(include={"rows", "positives", "negatives", "sources"})
    run.data(data.name, version=data.version, source=data.source_version, profile=profile, context="training")
    run.tags({"device": training.device, "stopped": training.stopped})
    run.metrics({f"rows_{split}": rows for split, rows in data.rows.items()} | {"rows_seen": training.rows_seen})
    run.curve("train_loss", loss_curve(evaluation))
    run.curve("valid_macro_auprc", validation_curve(evaluation, recipe.evaluations))
    run.files(
        {f"plots/{name}.png": png for name, png in plot_pngs(evaluation).items()}
        | {"evaluation.json": (evaluated / "evaluation.json").read_bytes()}
        | {"report.html": html_report(evaluation).encode()}
    )


def loss_curve(evaluation: Evaluation) -> dict[int, float]:
    """Return the training loss by step: each value is the mean over the steps since the one before."""
    training = evaluation.training
    parts = len(training.train_loss)
    return {round(training.steps * (n + 1) / parts): loss for n, loss in enumerate(training.train_loss)}


def validation_curve(evaluation: Evaluation, looks: int) -> dict[int, float]:
    """Return macro AUPRC on validation by the step of each look; `looks` were planned, evenly over the steps."""
    training = evaluation.training
    return {
        min(math.ceil(training.planned_steps * (n + 1) / looks), training.steps): score
        for n, score in enumerate(training.valid_macro_auprc)
    }
