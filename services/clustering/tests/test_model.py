import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from synapse_clustering.clusters import load_clusters
from synapse_clustering.model import ClusteringModel
from synapse_common.bundle import Bundle, BundleError
from synapse_common.errors import InvalidInput


@pytest.fixture
def model(bundle: Path) -> ClusteringModel:
    clusters = load_clusters(Bundle.open(bundle, kind="clustering"))
    return ClusteringModel(clusters, version="v1", max_batch=1000)


async def test_small_and_large_batches_agree(model: ClusteringModel) -> None:
    row = np.array([[7.0, 100.0]])
    small = await model.infer({"features": row}, None)
    large = await model.infer({"features": np.repeat(row, 1000, axis=0)}, None)
    for name in ("cluster", "distance", "margin"):
        assert large[name] == pytest.approx(np.repeat(small[name], 1000))
    assert {name: array.dtype.str for name, array in small.items()} == {
        "cluster": "<i8",
        "distance": "<f8",
        "margin": "<f8",
    }


async def test_a_large_batch_leaves_the_event_loop_free(
    model: ClusteringModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop_thread_calls: list[object] = []
    to_thread = asyncio.to_thread

    async def spy(function: object, *args: object) -> object:
        loop_thread_calls.append(function)
        return await to_thread(function, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "to_thread", spy)
    await model.infer({"features": np.zeros((1000, 2))}, None)
    assert len(loop_thread_calls) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
async def test_a_value_that_is_not_finite_is_refused_by_row_and_feature(model: ClusteringModel, value: float) -> None:
    rows = np.zeros((3, 2))
    rows[2, 1] = value
    with pytest.raises(InvalidInput, match="row 2, feature 'mean_message_length'") as caught:
        await model.infer({"features": rows}, None)
    assert caught.value.field == "features[2].mean_message_length"


def test_the_parameters_describe_features_and_labels(model: ClusteringModel) -> None:
    assert [feature["name"] for feature in json.loads(model.parameters["features"])] == [
        "sessions_per_week",
        "mean_message_length",
    ]
    assert json.loads(model.parameters["labels"]) == {"0": "quiet", "1": "regular", "2": "talkative"}


async def test_centres_that_coincide_are_refused(make_bundle: Callable[..., Path]) -> None:
    folder = make_bundle("same", centers=[[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    clusters = load_clusters(Bundle.open(folder, kind="clustering"))
    with pytest.raises(BundleError, match="not distinct"):
        await ClusteringModel(clusters, version="v1", max_batch=10).warm_up()
