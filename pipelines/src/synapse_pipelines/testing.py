"""Small real bundles for tests of whatever serves them, made the way the pipelines make large ones."""

from __future__ import annotations

import tempfile
from pathlib import Path

from synapse_common.bundle import Manifest

from synapse_pipelines.data.generate import BASIC_BANKS, write_tables
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.evaluation.evaluate import evaluate_model
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.progress import ignore
from synapse_pipelines.training.clusters import ClusterRecipe, train_clusters
from synapse_pipelines.training.encoder import packaged_encoder
from synapse_pipelines.training.package import package_model
from synapse_pipelines.training.quantise import quantise_model
from synapse_pipelines.training.train import train_model


def build_tiny_moderation_bundle(folder: Path) -> Manifest:
    """Generate data, train a one-layer classifier for some seconds, and write its bundle into `folder`.

    It tells blatant abuse from plain talk in the sentences of the generator; expect no more of it. Only verdicts that
    it is sure of count, so that it lets other talk pass.
    """
    # A tenth is for validation, and the drift monitor wants a reference window of a hundred rows.
    recipe = PRESETS["tiny"].model_copy(
        update={"max_source_rows": 2_600, "epochs": 8, "generated_lowest_threshold": 0.7}
    )
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        data = write_tables(work / "data", annotations=2_600, messages=400, seed=recipe.seed, banks=BASIC_BANKS)
        prepare_dataset(data, recipe, work / "dataset")
        train_model(work / "dataset", recipe, str(packaged_encoder()), work / "trained", ignore)
        evaluate_model(work / "trained", work / "dataset", recipe.seed, work / "evaluated")
        quantise_model(work / "trained", work / "dataset", work / "evaluated", work / "quantised")
        folders = (work / "dataset", work / "trained", work / "evaluated", work / "quantised")
        manifest, _ = package_model(*folders, recipe, "moderation", folder)
    return manifest


def build_tiny_clustering_bundle(folder: Path) -> Manifest:
    """Generate chat logs, fit clusters to their users, and write the bundle into `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        data = write_tables(work / "data", annotations=100, messages=1_500, seed=7, banks=BASIC_BANKS)
        return train_clusters(data, ClusterRecipe(largest_k=4), "user-clusters", folder, work / "quarantine")
