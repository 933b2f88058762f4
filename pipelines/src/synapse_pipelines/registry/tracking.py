"""MLflow, as Synapse uses it: one experiment, runs with what a reader needs to repeat them, trials nested in a search.

Everything goes through `MlflowClient` and run ids. MLflow's fluent functions keep an active run for the process, which
two trials side by side would fight over.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.utils.mlflow_tags import (
    MLFLOW_DATASET_CONTEXT,
    MLFLOW_GIT_COMMIT,
    MLFLOW_PARENT_RUN_ID,
    MLFLOW_RUN_NOTE,
    MLFLOW_SOURCE_NAME,
)

from synapse_pipelines.registry.environment import Environment

EXPERIMENT: Final = "synapse"
_KIND: Final = {
    "mlflow.experimentKind": "custom_model_development"
}  # its UI then opens with runs, not with chat traces
_BATCH: Final = 100  # of one request, for parameters and tags; MLflow takes no more
_METRICS_BATCH: Final = 1000


def local_tracking_uri(build_dir: Path) -> str:
    """Return the tracking address of the embedded tracker: SQLite under `build_dir`."""
    folder = build_dir.resolve() / "mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'mlflow.db'}"


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one, the names joined by dots: how a recipe becomes parameters."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


class Run:
    """One MLflow run. Every method may be called while the run goes on and after it ended."""

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self.id = run_id
        self._client = client

    @property
    def artifact_uri(self) -> str:
        """Where the run's artifacts are."""
        return str(self._client.get_run(self.id).info.artifact_uri)

    def params(self, values: Mapping[str, Any]) -> None:
        """Log what the run was told; nested values become dotted names. A parameter cannot change later."""
        told = [Param(name, str(value)) for name, value in flat(values).items()]
        for start in range(0, len(told), _BATCH):
            self._client.log_batch(self.id, params=told[start : start + _BATCH])

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        tags = [RunTag(name, value) for name, value in values.items()]
        for start in range(0, len(tags), _BATCH):
            self._client.log_batch(self.id, tags=tags[start : start + _BATCH])

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Log figures, all at `step`."""
        self._log_metrics([Metric(_name(name), float(value), _now(), step) for name, value in values.items()])

    def curve(self, name: str, points: Mapping[int, float]) -> None:
        """Log a figure that changes: from step to value."""
        self._log_metrics([Metric(_name(name), float(value), _now(), step) for step, value in points.items()])

    def files(self, contents: Mapping[str, bytes]) -> None:
        """Log artifacts, from path to content."""
        with tempfile.TemporaryDirectory() as scratch:
            for name, content in contents.items():
                file = Path(scratch) / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            self._client.log_artifacts(self.id, scratch)

    def folder(self, folder: Path, path: str) -> None:
        """Log everything in `folder` as artifacts below `path`."""
        self._client.log_artifacts(self.id, str(folder), path)

    def data(self, name: str, *, version: str, source: str, profile: Mapping[str, Any], context: str) -> None:
        """Log a data set that the run read: MLflow shows it beside the run, by name and digest.

        Args:
            name: of the data set.
            version: hash of its content.
            source: where it came from, or the hash of that.
            profile: what to know about it, such as its rows.
            context: what it was read for, such as ``training``.
        """
        dataset = Dataset(
            name=name,
            digest=version,
            source_type="synapse",
            source=json.dumps({"version": source}),
            profile=json.dumps(profile),
        )
        self._client.log_inputs(self.id, datasets=[DatasetInput(dataset, [InputTag(MLFLOW_DATASET_CONTEXT, context)])])

    def end(self, status: str = "FINISHED") -> None:
        """End the run as ``FINISHED``, ``FAILED`` or ``KILLED``."""
        self._client.set_terminated(self.id, status)

    def _log_metrics(self, metrics: list[Metric]) -> None:
        for start in range(0, len(metrics), _METRICS_BATCH):
            self._client.log_batch(self.id, metrics=metrics[start : start + _METRICS_BATCH])


class Tracker:
    """The tracking server at an address, and the experiment that all runs of Synapse are in."""

    def __init__(self, tracking_uri: str) -> None:
        # Creating the SQLite schema logs every migration; nothing in it is for the person who trains.
        logging.getLogger("alembic").setLevel(logging.ERROR)
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # one bar for each small file
        self.tracking_uri = tracking_uri
        self.client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)

    def start(self, name: str, environment: Environment, *, parent: str | None = None, note: str = "") -> Run:
        """Start a run that carries its code and environment; whoever starts it ends it. `run` does both.

        Args:
            name: shown for the run.
            environment: code, Python, packages and machine of the run.
            parent: id of the run that this one is a part of; MLflow shows it nested there.
            note: Markdown, shown on top of the run.
        """
        tags = environment.tags | {MLFLOW_GIT_COMMIT: environment.commit, MLFLOW_SOURCE_NAME: "synapse_pipelines"}
        tags |= {MLFLOW_PARENT_RUN_ID: parent} if parent else {}
        tags |= {MLFLOW_RUN_NOTE: note} if note else {}
        run = Run(self.client, self.client.create_run(self.experiment(), run_name=name, tags=tags).info.run_id)
        run.files(environment.files)
        return run

    @contextmanager
    def run(self, name: str, environment: Environment, *, parent: str | None = None, note: str = "") -> Iterator[Run]:
        """Start a run as `start` does and end it with the block: ``FAILED`` after an error, ``KILLED`` by Ctrl-C."""
        run = self.start(name, environment, parent=parent, note=note)
        try:
            yield run
        except Exception:
            run.end("FAILED")
            raise
        except BaseException:
            run.end("KILLED")
            raise
        run.end()

    def experiment(self) -> str:
        """Return the id of Synapse's experiment, made when there is none yet."""
        found = self.client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            return str(found.experiment_id)
        location = None
        if self.tracking_uri.startswith("sqlite:///"):
            location = (Path(self.tracking_uri.removeprefix("sqlite:///")).parent / "artifacts").as_uri()
        return str(self.client.create_experiment(EXPERIMENT, artifact_location=location, tags=_KIND))


def _name(metric: str) -> str:
    """MLflow takes letters, digits and ``_-./: `` in the name of a metric."""
    return "".join(sign if sign.isalnum() or sign in "_-./: " else "_" for sign in metric)


def _now() -> int:
    return int(time.time() * 1000)
