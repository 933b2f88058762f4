"""The model registry: one entry for each bundle, and the aliases ``candidate`` and ``champion`` that point to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.registry.tracking import Run, Tracker, flat

CANDIDATE: Final = "candidate"
CHAMPION: Final = "champion"
BUNDLE_FOLDER: Final = "bundle"
VERSION_TAG: Final = "bundle_version"
DATA_VERSION: Final = "data_version"


class RegisteredModel(BaseModel):
    """Where a model version is in the registry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    run_id: str
    bundle_version: str
    tracking_uri: str


def register_bundle(
    bundle: Bundle,
    *,
    tracking_uri: str,
    params: Mapping[str, Any],
    environment: Environment,
    record: Callable[[Run], None] = lambda _run: None,
) -> RegisteredModel:
    """Log `bundle` as a run and register it under its name; move the alias ``candidate`` to it.

    A bundle that is registered already with the same parameters keeps its version: registering it again changes nothing
    but the alias. With other parameters it gets a run and a version of their own, so that no version's run tells of
    parameters that it was not made with. Run and version carry the data version of the manifest.

    Args:
        bundle: the verified bundle.
        tracking_uri: MLflow server or SQLite address.
        params: what the run was told.
        environment: code, packages and machine.
        record: logs what else there is to know, such as curves and reports, into a new run.
    """
    tracker = Tracker(tracking_uri)
    client, manifest = tracker.client, bundle.manifest
    name = manifest.name
    data_version = str(manifest.data["version"])
    told = {key: str(value) for key, value in flat(params).items()} | {DATA_VERSION: data_version}
    version = _known_version(client, name, manifest.version, told)
    if version is None:
        tags = {DATA_VERSION: data_version, VERSION_TAG: manifest.version, "git_commit": environment.commit}
        with tracker.run(f"{name}-{manifest.version}", environment) as run:
            run.tags(tags)
            run.params(told)
            run.metrics(manifest.metrics)
            run.folder(bundle.path, BUNDLE_FOLDER)
            record(run)
        _ensure_model(client, name)
        version = client.create_model_version(
            name, source=f"{run.artifact_uri}/{BUNDLE_FOLDER}", run_id=run.id, tags=tags
        )
    client.set_registered_model_alias(name, CANDIDATE, version.version)
    return _registered(name, version, tracking_uri)


def find(name: str, alias: str, tracking_uri: str) -> RegisteredModel:
    """Return the version of model `name` that `alias` points to.

    Raises:
        NotFound: there is no such model or alias.
    """
    try:
        version = Tracker(tracking_uri).client.get_model_version_by_alias(name, alias)
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
            run_id=found.run_id, artifact_path=BUNDLE_FOLDER, dst_path=str(target), tracking_uri=tracking_uri
        )
        folder.rmdir()
        (target / BUNDLE_FOLDER).rename(folder)
    return Bundle.open(folder, kind=kind)


def _known_version(
    client: MlflowClient, name: str, bundle_version: str, params: Mapping[str, str]
) -> ModelVersion | None:
    """Return the registered version of the bundle whose run was told `params`, if there is one."""
    versions = client.search_model_versions(f"name = '{name}' and tags.{VERSION_TAG} = '{bundle_version}'")
    return next((one for one in versions if client.get_run(str(one.run_id)).data.params == params), None)


def _registered(name: str, version: ModelVersion, tracking_uri: str) -> RegisteredModel:
    return RegisteredModel(
        name=name,
        version=str(version.version),
        run_id=str(version.run_id),
        bundle_version=version.tags[VERSION_TAG],
        tracking_uri=tracking_uri,
    )


def _ensure_model(client: MlflowClient, name: str) -> None:
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise TrainingError(f"the registry refused the model name {name}: {error}") from error
