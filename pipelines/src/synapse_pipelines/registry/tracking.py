"""MLflow: one run for each registered model, one registry entry with the alias ``candidate``."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow import artifacts as mlflow_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from pydantic import BaseModel, ConfigDict
from synapse_common.bundle import MANIFEST_NAME, Bundle, BundleKind
from synapse_common.errors import NotFound

from synapse_pipelines.errors import TrainingError

CANDIDATE: Final = "candidate"
_EXPERIMENT: Final = "synapse"
_BUNDLE_FOLDER: Final = "bundle"
_VERSION_TAG: Final = "bundle_version"
_DATA_VERSION: Final = "data_version"


class RegisteredModel(BaseModel):
    """Where a model version is in the registry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    run_id: str
    bundle_version: str
    tracking_uri: str


def local_tracking_uri(build_dir: Path) -> str:
    """Return the tracking address of the embedded tracker: SQLite under `build_dir`."""
    folder = build_dir.resolve() / "mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'mlflow.db'}"


def register_bundle(
    bundle: Bundle,
    *,
    tracking_uri: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str],
    artifacts: Mapping[str, bytes],
) -> RegisteredModel:
    """Log `bundle` as a run and register it under its name; move the alias ``candidate`` to it.

    A bundle that is registered already with the same parameters keeps its version: registering it again changes nothing
    but the alias. With other parameters it gets a run and a version of their own, so that no version's run tells of
    parameters that it was not made with. Run and version carry the data version of the manifest.

    Args:
        bundle: the verified bundle.
        tracking_uri: MLflow server or SQLite address.
        params: what the run was told, flat.
        tags: provenance, such as the git commit.
        artifacts: path to content, logged beside the bundle (plots, evaluation).
    """
    client = _client(tracking_uri)
    manifest = bundle.manifest
    name = manifest.name
    provenance = {**tags, _DATA_VERSION: str(manifest.data["version"])}
    logged = {key: str(value) for key, value in params.items()} | {_DATA_VERSION: provenance[_DATA_VERSION]}
    version = _known_version(client, name, manifest.version, logged)
    if version is None:
        run = client.create_run(
            _experiment(client, tracking_uri), run_name=f"{name}-{manifest.version}", tags=provenance
        )
        run_id = run.info.run_id
        for param, told in logged.items():
            client.log_param(run_id, param, told)
        for key, value in manifest.metrics.items():
            client.log_metric(run_id, key, value)
        client.log_artifacts(run_id, str(bundle.path), _BUNDLE_FOLDER)
        _log_files(client, run_id, artifacts)
        client.set_terminated(run_id)
        _ensure_model(client, name)
        version = client.create_model_version(
            name,
            source=f"{run.info.artifact_uri}/{_BUNDLE_FOLDER}",
            run_id=run_id,
            tags={_VERSION_TAG: manifest.version, **provenance},
        )
    client.set_registered_model_alias(name, CANDIDATE, version.version)
    return _registered(name, version, tracking_uri)


def find(name: str, alias: str, tracking_uri: str) -> RegisteredModel:
    """Return the version of model `name` that `alias` points to.

    Raises:
        NotFound: there is no such model or alias.
    """
    try:
        version = _client(tracking_uri).get_model_version_by_alias(name, alias)
    except MlflowException as error:
        raise NotFound(f"the registry has no model {name} with the alias {alias}; train one first") from error
    return _registered(name, version, tracking_uri)


def fetch_bundle(name: str, alias: str, *, kind: BundleKind, tracking_uri: str, target: Path) -> Bundle:
    """Download the bundle that `alias` of model `name` points to into ``<target>/<bundle version>`` and verify it.

    Raises:
        NotFound: there is no such model or alias.
        BundleError: what was downloaded is not what its manifest says.
    """
    found = find(name, alias, tracking_uri)
    folder = target / found.bundle_version
    if not (folder / MANIFEST_NAME).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        mlflow_artifacts.download_artifacts(
            run_id=found.run_id, artifact_path=_BUNDLE_FOLDER, dst_path=str(target), tracking_uri=tracking_uri
        )
        folder.rmdir()
        (target / _BUNDLE_FOLDER).rename(folder)
    return Bundle.open(folder, kind=kind)


def _known_version(
    client: MlflowClient, name: str, bundle_version: str, params: Mapping[str, str]
) -> ModelVersion | None:
    """Return the registered version of the bundle whose run was told `params`, if there is one."""
    versions = client.search_model_versions(f"name = '{name}' and tags.{_VERSION_TAG} = '{bundle_version}'")
    return next((one for one in versions if client.get_run(str(one.run_id)).data.params == params), None)


def _registered(name: str, version: ModelVersion, tracking_uri: str) -> RegisteredModel:
    return RegisteredModel(
        name=name,
        version=str(version.version),
        run_id=str(version.run_id),
        bundle_version=version.tags[_VERSION_TAG],
        tracking_uri=tracking_uri,
    )


def _client(tracking_uri: str) -> MlflowClient:
    # Creating the SQLite schema logs every migration; nothing in it is for the person who trains.
    logging.getLogger("alembic").setLevel(logging.ERROR)
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def _experiment(client: MlflowClient, tracking_uri: str) -> str:
    found = client.get_experiment_by_name(_EXPERIMENT)
    if found is not None:
        return str(found.experiment_id)
    location = None
    if tracking_uri.startswith("sqlite:///"):
        location = (Path(tracking_uri.removeprefix("sqlite:///")).parent / "artifacts").as_uri()
    return str(client.create_experiment(_EXPERIMENT, artifact_location=location))


def _ensure_model(client: MlflowClient, name: str) -> None:
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise TrainingError(f"the registry refused the model name {name}: {error}") from error


def _log_files(client: MlflowClient, run_id: str, artifacts: Mapping[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in artifacts.items():
            file = Path(scratch) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        client.log_artifacts(run_id, scratch)
