from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synapse_common.bundle import Bundle
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.testing import build_tiny_clustering_bundle
from synapse_pipelines.training.clusters import ClusterRecipe, fit_clusters, label_clusters
from synapse_pipelines.training.user_features import FEATURE_NAMES


def blobs(k: int, per_blob: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    centers = rng.normal(scale=20, size=(k, len(FEATURE_NAMES)))
    return pd.DataFrame(
        np.concatenate([rng.normal(c, 0.5, (per_blob, len(c))) for c in centers]), columns=FEATURE_NAMES
    )


def test_the_number_of_clusters_is_found() -> None:
    fitted = fit_clusters(blobs(4, 50), ClusterRecipe())
    assert fitted.k == 4
    assert fitted.sizes == [50] * 4
    assert fitted.silhouettes[4] == max(fitted.silhouettes.values())


def test_centres_are_in_scaled_space() -> None:
    features = blobs(3, 40)
    fitted = fit_clusters(features, ClusterRecipe())
    scaled = (features.to_numpy() - fitted.scaler_center) / fitted.scaler_scale
    nearest = np.linalg.norm(scaled[:, None] - fitted.centers[None], axis=2).argmin(axis=1)
    assert sorted(np.bincount(nearest)) == [40, 40, 40]


def test_too_few_users_are_refused() -> None:
    with pytest.raises(TrainingError, match="3 users are too few"):
        fit_clusters(blobs(3, 1), ClusterRecipe())


def test_labels_name_what_sets_a_centre_apart() -> None:
    center = np.zeros((2, len(FEATURE_NAMES)))
    center[0, FEATURE_NAMES.index("night_share")] = 3
    center[0, FEATURE_NAMES.index("log_length")] = -2
    assert label_clusters(center) == ["at night, short messages", "average"]


def test_the_bundle_is_complete_and_repeatable(tmp_path: Path) -> None:
    first = build_tiny_clustering_bundle(tmp_path / "a")
    again = build_tiny_clustering_bundle(tmp_path / "b")
    assert first.version == again.version
    assert first.data["version"] == again.data["version"] != first.data["source_version"]
    bundle = Bundle.open(tmp_path / "a", kind="clustering")
    assert [feature["name"] for feature in bundle.json("features.json")["features"]] == list(FEATURE_NAMES)
    assert len(bundle.json("labels.json")) == first.metrics["k"]
