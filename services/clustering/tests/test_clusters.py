import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from synapse_clustering.clusters import Clusters, Feature, load_clusters
from synapse_common.bundle import Bundle, BundleError, write_manifest


def load(folder: Path) -> Clusters:
    return load_clusters(Bundle.open(folder, kind="clustering"))


def reseal(folder: Path) -> None:
    write_manifest(folder, kind="clustering", name="clustering", data={}, metrics={})


def test_a_row_goes_to_the_nearest_centre_in_scaled_space(bundle: Path) -> None:
    # scaled: (0, 0), (3, 0) and (0, 10)
    assignment = load(bundle).assign(np.array([[1.0, 100.0], [7.0, 100.0], [1.0, 200.0]]))
    assert assignment.cluster.tolist() == [0, 1, 2]
    assert assignment.distance == pytest.approx([0.0, 1.0, 2.0], abs=1e-7)
    assert assignment.margin == pytest.approx([4.0, 2.0, 8.0], abs=1e-7)


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(2, 6), f=st.integers(1, 5))
def test_the_assignment_is_that_of_the_fitted_kmeans(seed: int, k: int, f: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(60, f))
    fitted = KMeans(k, n_init=1, random_state=0).fit(rows)
    features = [Feature(name=f"f{i}", unit="1", description="") for i in range(f)]
    clusters = Clusters(fitted.cluster_centers_, np.zeros(f), np.ones(f), features, dict.fromkeys(range(k), ""))
    assignment = clusters.assign(rows)
    assert assignment.cluster.tolist() == fitted.predict(rows).tolist()
    assert (assignment.margin >= 0).all()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("centers", [[0.0, 0.0]], "k >= 2"),
        ("centers", [0.0, 1.0], "shape"),
        ("centers", [[0.0, np.nan], [1.0, 1.0], [2.0, 2.0]], "not finite"),
        ("centers", [[0.0], [1.0], [2.0]], "must have shape \\[1\\]"),
        ("scaler_scale", [0.0, 1.0], "positive"),
        ("scaler_center", [0.0], "must have shape"),
    ],
)
def test_contradicting_arrays_are_refused(bundle: Path, name: str, value: object, message: str) -> None:
    with np.load(bundle / "clusters.npz") as stored:
        arrays = dict(stored)
    np.savez(bundle / "clusters.npz", **{**arrays, name: np.asarray(value)})
    reseal(bundle)
    with pytest.raises(BundleError, match=message):
        load(bundle)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 torn"])
def test_an_unreadable_array_file_is_refused(bundle: Path, content: bytes) -> None:
    (bundle / "clusters.npz").write_bytes(content)
    reseal(bundle)
    with pytest.raises(BundleError, match=r"clusters\.npz cannot be read"):
        load(bundle)


def test_pickled_arrays_are_refused(bundle: Path) -> None:
    np.savez(bundle / "clusters.npz", centers=np.array([{"a": 1}], dtype=object))
    reseal(bundle)
    with pytest.raises(BundleError, match="cannot be read"):
        load(bundle)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("features.json", {"features": []}, "malformed"),
        ("features.json", {"features": [{"name": "a", "unit": "1", "description": ""}]}, "names 1 features"),
        ("labels.json", {"0": "only"}, "label clusters 0 to 2"),
        ("labels.json", {"zero": "word"}, "malformed"),
    ],
)
def test_contradicting_descriptions_are_refused(bundle: Path, file: str, content: object, message: str) -> None:
    (bundle / file).write_text(json.dumps(content))
    reseal(bundle)
    with pytest.raises(BundleError, match=message):
        load(bundle)
