from pathlib import Path

import pytest
from mlflow import MlflowClient
from synapse_common.bundle import Bundle, BundleError
from synapse_common.errors import NotFound
from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.registry.models import CANDIDATE, RegisteredModel, fetch_bundle, find, register_bundle
from synapse_pipelines.registry.tracking import local_tracking_uri
from synapse_pipelines.testing import build_tiny_clustering_bundle

# MLflow's own modules and the SQLite driver leave warnings of theirs behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

NAME = "user-clusters"


@pytest.fixture(scope="module")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return local_tracking_uri(tmp_path_factory.mktemp("tracker"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("clusters") / "bundle"
    build_tiny_clustering_bundle(folder)
    return Bundle.open(folder, kind="clustering")


def registered(bundle: Bundle, tracking_uri: str, **params: int | None) -> RegisteredModel:
    return register_bundle(bundle, tracking_uri=tracking_uri, params=params, environment=Environment.here("abc"))


def test_registering_twice_keeps_one_version_and_the_bundle_comes_back(
    tracking_uri: str, bundle: Bundle, tmp_path: Path
) -> None:
    first = registered(bundle, tracking_uri, seed=7)
    assert registered(bundle, tracking_uri, seed=7) == first
    assert find(NAME, CANDIDATE, tracking_uri) == first
    fetched = fetch_bundle(NAME, CANDIDATE, kind="clustering", tracking_uri=tracking_uri, target=tmp_path)
    assert fetched.manifest == bundle.manifest
    assert fetched.path == tmp_path / bundle.manifest.version
    again = fetch_bundle(NAME, CANDIDATE, kind="clustering", tracking_uri=tracking_uri, target=tmp_path)
    assert again.path == fetched.path


def test_the_run_and_the_version_carry_the_data_version(tracking_uri: str, bundle: Bundle) -> None:
    found = registered(bundle, tracking_uri, seed=7)
    client = MlflowClient(tracking_uri, tracking_uri)
    run = client.get_run(found.run_id).data
    version = bundle.manifest.data["version"]
    assert run.params == {"seed": "7", "data_version": version}
    assert run.tags["data_version"] == client.get_model_version(NAME, found.version).tags["data_version"] == version
    assert run.tags["git_commit"] == "abc"
    assert run.tags["mlflow.source.git.commit"] == "abc"


def test_other_parameters_get_a_run_of_their_own_and_old_ones_are_found_again(
    tracking_uri: str, bundle: Bundle
) -> None:
    first = registered(bundle, tracking_uri, seed=7)
    other = registered(bundle, tracking_uri, seed=7, largest_k=None)
    assert other.bundle_version == first.bundle_version
    assert other.run_id != first.run_id
    assert find(NAME, CANDIDATE, tracking_uri) == other
    assert MlflowClient(tracking_uri, tracking_uri).get_run(other.run_id).data.params["largest_k"] == "None"
    assert registered(bundle, tracking_uri, seed=7, largest_k=None) == other
    assert registered(bundle, tracking_uri, seed=7) == first
    assert find(NAME, CANDIDATE, tracking_uri) == first


def test_what_was_fetched_is_verified(tracking_uri: str, bundle: Bundle, tmp_path: Path) -> None:
    registered(bundle, tracking_uri)
    fetched = fetch_bundle(NAME, CANDIDATE, kind="clustering", tracking_uri=tracking_uri, target=tmp_path)
    (fetched.path / "labels.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError, match="labels"):
        fetch_bundle(NAME, CANDIDATE, kind="clustering", tracking_uri=tracking_uri, target=tmp_path)


@pytest.mark.parametrize(("name", "alias"), [("nobody", CANDIDATE), (NAME, "nowhere")])
def test_an_unknown_name_or_alias_is_not_found(tracking_uri: str, bundle: Bundle, name: str, alias: str) -> None:
    registered(bundle, tracking_uri)
    with pytest.raises(NotFound, match=f"no model {name} with the alias {alias}"):
        find(name, alias, tracking_uri)
