"""What a page shows of a run, read from the tracker."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE

from synapse_pipelines.registry.tracking import Tracker

_PAGE_SIZE: Final = 500
_SHOWN: Final = (".png", ".svg")
_LARGEST_PICTURE: Final = 2_000_000  # bytes


@dataclass(frozen=True)
class RunData:
    """One run."""

    id: str
    name: str
    status: str
    started: datetime
    seconds: float | None
    parent: str | None
    note: str
    params: dict[str, str]
    metrics: dict[str, float]
    """The last value of each."""
    curves: dict[str, dict[int, float]]
    """Metrics with more than one value, by step."""
    tags: dict[str, str]
    data: list[dict[str, Any]]
    """Data sets: name, digest, context, profile."""
    artifacts: dict[str, int]
    """Size in bytes by path."""
    pictures: dict[str, bytes]
    """Content of the plots among the artifacts, by path."""


def read_runs(tracker: Tracker) -> Iterator[RunData]:
    """Yield every run of Synapse's experiment that was not deleted, the newest first."""
    client, token = tracker.client, None
    while True:
        page = client.search_runs([tracker.experiment()], max_results=_PAGE_SIZE, page_token=token)
        for run in page:
            yield _read(client, run)
        token = page.token
        if not token:
            return


def _read(client: MlflowClient, run: MlflowRun) -> RunData:
    info, tags = run.info, run.data.tags
    artifacts = dict(_artifacts(client, info.run_id, None))
    return RunData(
        id=info.run_id,
        name=info.run_name,
        status=info.status,
        started=datetime.fromtimestamp(info.start_time / 1000, UTC).replace(microsecond=0),
        seconds=None if info.end_time is None else (info.end_time - info.start_time) / 1000,
        parent=tags.get(MLFLOW_PARENT_RUN_ID),
        note=tags.get(MLFLOW_RUN_NOTE, ""),
        params=dict(sorted(run.data.params.items())),
        metrics=dict(sorted(run.data.metrics.items())),
        curves=_curves(client, run),
        tags={name: value for name, value in sorted(tags.items()) if not name.startswith("mlflow.")},
        data=[_dataset(item) for item in run.inputs.dataset_inputs] if run.inputs else [],
        artifacts=artifacts,
        pictures={
            path: _content(client, info.run_id, path)
            for path, size in artifacts.items()
            if path.endswith(_SHOWN) and size <= _LARGEST_PICTURE
        },
    )


def _curves(client: MlflowClient, run: MlflowRun) -> dict[str, dict[int, float]]:
    found = {}
    for name in sorted(run.data.metrics):
        points = {one.step: one.value for one in client.get_metric_history(run.info.run_id, name)}
        if len(points) > 1:
            found[name] = dict(sorted(points.items()))
    return found


def _dataset(item: Any) -> dict[str, Any]:
    dataset = item.dataset
    context = next((tag.value for tag in item.tags), "")
    profile = json.loads(dataset.profile) if dataset.profile else {}
    return {"name": dataset.name, "digest": dataset.digest, "context": context, "profile": profile}


def _artifacts(client: MlflowClient, run_id: str, path: str | None) -> Iterator[tuple[str, int]]:
    for item in client.list_artifacts(run_id, path):
        if item.is_dir:
            yield from _artifacts(client, run_id, item.path)
        else:
            yield item.path, item.file_size or 0


def _content(client: MlflowClient, run_id: str, path: str) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        return Path(client.download_artifacts(run_id, path, scratch)).read_bytes()
