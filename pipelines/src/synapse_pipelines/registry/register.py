"""What goes into the registry with each kind of model."""

from __future__ import annotations

import json
from pathlib import Path

from synapse_common.bundle import Bundle

from synapse_pipelines.evaluation.evaluate import load_evaluation
from synapse_pipelines.evaluation.report import html_report, plot_pngs
from synapse_pipelines.registry.tracking import RegisteredModel, register_bundle


def register_moderation(
    bundle: Path, evaluated: Path, recipe: str, tracking_uri: str, git_commit: str
) -> RegisteredModel:
    """Register the moderation bundle with its evaluation, report and plots.

    Args:
        bundle: folder of the bundle.
        evaluated: folder with ``evaluation.json``.
        recipe: the recipe as JSON; its entries become the run's parameters.
        tracking_uri: MLflow server or SQLite address.
        git_commit: commit of the code, or ``unknown``.
    """
    evaluation = load_evaluation(evaluated)
    artifacts = {f"plots/{name}.png": png for name, png in plot_pngs(evaluation).items()}
    artifacts["evaluation.json"] = (evaluated / "evaluation.json").read_bytes()
    artifacts["report.html"] = html_report(evaluation).encode()
    params = json.loads(recipe) | {"base_encoder": evaluation.training.base_encoder}
    opened = Bundle.open(bundle, kind="moderation")
    return register_bundle(
        opened, tracking_uri=tracking_uri, params=params, tags={"git_commit": git_commit}, artifacts=artifacts
    )


def register_clustering(bundle: Path, recipe: str, tracking_uri: str, git_commit: str) -> RegisteredModel:
    """Register the clustering bundle; the arguments are those of `register_moderation`."""
    opened = Bundle.open(bundle, kind="clustering")
    return register_bundle(
        opened, tracking_uri=tracking_uri, params=json.loads(recipe), tags={"git_commit": git_commit}, artifacts={}
    )
