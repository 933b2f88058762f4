"""What goes into the registry with each kind of model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from synapse_common.bundle import Bundle

from synapse_pipelines.data.dataset import load_info
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.registry.models import RegisteredModel, register_bundle
from synapse_pipelines.registry.moderation_run import record_moderation
from synapse_pipelines.registry.tracking import Run
from synapse_pipelines.registry.version_store import VersionStore

POINTERS: Final = "versions"
"""Folder of a run's artifacts with the DVC pointers of its bundle and data."""


def register_moderation(
    bundle: Path,
    evaluated: Path,
    dataset: Path,
    recipe: str,
    *,
    tracking_uri: str,
    git_commit: str,
    version_remote: str,
) -> RegisteredModel:
    """Register the moderation bundle with its evaluation, report, curves and plots.

    Args:
        bundle: folder of the bundle.
        evaluated: folder with ``evaluation.json``.
        dataset: prepared data that it was made from.
        recipe: the recipe as JSON; its entries become the run's parameters.
        tracking_uri: MLflow server or SQLite address.
        git_commit: commit of the code, with ``+`` where it has changes, or ``unknown``.
        version_remote: DVC remote that takes bundle and data.
    """
    opened = Bundle.open(bundle, kind="moderation")
    told = Recipe.model_validate_json(recipe)
    manifest = opened.manifest
    versions = {
        f"{manifest.name}/{manifest.version}": bundle,
        f"{manifest.name}-data/{load_info(dataset).version}": dataset,
    }

    def record(run: Run) -> None:
        record_moderation(run, evaluated, told)
        _push_versions(run, versions, version_remote)

    return register_bundle(
        opened,
        tracking_uri=tracking_uri,
        params=told.model_dump() | {"base_encoder": manifest.base_encoder},
        environment=Environment.here(git_commit),
        record=record,
    )


def register_clustering(
    bundle: Path, recipe: str, *, tracking_uri: str, git_commit: str, version_remote: str
) -> RegisteredModel:
    """Register the clustering bundle; the arguments are those of `register_moderation`."""
    opened = Bundle.open(bundle, kind="clustering")
    versions = {f"{opened.manifest.name}/{opened.manifest.version}": bundle}
    return register_bundle(
        opened,
        tracking_uri=tracking_uri,
        params=json.loads(recipe),
        environment=Environment.here(git_commit),
        record=lambda run: _push_versions(run, versions, version_remote),
    )


def _push_versions(run: Run, versions: Mapping[str, Path], remote: str) -> None:
    """Push folders by the version they become; the run keeps their pointers and says where they are."""
    with VersionStore.scratch(remote) as store:
        pointers = store.push(versions)
        run.files({f"{POINTERS}/{version}.dvc": file.read_bytes() for version, file in pointers.items()})
    run.tags({"versions": ", ".join(versions), "version_remote": remote})
