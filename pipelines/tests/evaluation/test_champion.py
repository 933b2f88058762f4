import shutil
from pathlib import Path

import pytest
from synapse_common.bundle import Bundle, BundleError
from synapse_common.errors import NotFound
from synapse_pipelines.evaluation.champion import DEFAULT_BUNDLE, open_champion, present_champion
from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.registry.models import CHAMPION, register_bundle
from synapse_pipelines.registry.tracking import Tracker, local_tracking_uri

# MLflow's own modules and the SQLite driver leave warnings of theirs behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return local_tracking_uri(tmp_path)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of the repository's root."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_nothing_promoted_and_nothing_carried_is_no_champion(uri: str, checkout: Path) -> None:
    assert present_champion("moderation", uri) == ("", "")


def test_the_carried_bundle_is_champion_until_a_version_is_promoted(
    uri: str, checkout: Path, moderation_bundle: Bundle, tmp_path: Path
) -> None:
    carried = shutil.copytree(moderation_bundle.path, checkout / DEFAULT_BUNDLE)
    version = moderation_bundle.manifest.version
    assert present_champion("moderation", uri) == (str(carried), version)
    assert open_champion(str(carried), uri, tmp_path / "scratch").manifest.version == version

    registered = register_bundle(
        moderation_bundle, tracking_uri=uri, params={}, environment=Environment.here("abc"), record=lambda _: None
    )
    assert present_champion("moderation", uri) == (str(carried), version)  # a candidate is no champion

    client = Tracker(uri).client
    client.set_registered_model_alias("moderation", CHAMPION, registered.version)
    where, found = present_champion("moderation", uri)
    assert (where, found) == ("models:/moderation@champion", version)
    fetched = open_champion(where, uri, tmp_path / "fetched")
    assert fetched.manifest == moderation_bundle.manifest


def test_a_champion_that_is_not_there_is_an_error(uri: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no model moderation with the alias champion"):
        open_champion("models:/moderation@champion", uri, tmp_path)
    with pytest.raises(BundleError, match="no model bundle in"):
        open_champion(str(tmp_path / "nothing"), uri, tmp_path)
