"""What goes into the registry with each kind of model."""

from __future__ import annotations

import json
from pathlib import Path

from synapse_common.bundle import Bundle

from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.registry.models import RegisteredModel, register_bundle
from synapse_pipelines.registry.moderation_run import record_moderation
from synapse_pipelines.settings import Recipe


def register_moderation(
    bundle: Path, evaluated: Path, recipe: str, tracking_uri: str, git_commit: str
) -> RegisteredModel:
    """Register the moderation bundle with its evaluation, report, curves and plots.

    Args:
        bundle: folder of the bundle.
        evaluated: folder with ``evaluation.json``.
        recipe: the recipe as JSON; its entries become the run's parameters.
        tracking_uri: MLflow server or SQLite address.
        git_commit: commit of the code, with ``+`` where it has changes, or ``unknown``.
    """
    opened = Bundle.open(bundle, kind="moderation")
    told = Recipe.model_validate_json(recipe)
    return register_bundle(
        opened,
        tracking_uri=tracking_uri,
        params=told.model_dump() | {"base_encoder": opened.manifest.base_encoder},
        environment=Environment.here(git_commit),
        record=lambda run: record_moderation(run, evaluated, told),
    )


def register_clustering(bundle: Path, recipe: str, tracking_uri: str, git_commit: str) -> RegisteredModel:
    """Register the clustering bundle; the arguments are those of `register_moderation`."""
    return register_bundle(
        Bundle.open(bundle, kind="clustering"),
        tracking_uri=tracking_uri,
        params=json.loads(recipe),
        environment=Environment.here(git_commit),
    )
