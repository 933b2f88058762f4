import subprocess
from pathlib import Path

import pytest
from synapse_common.bundle import Bundle
from synapse_common.errors import NotFound
from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.registry.models import CANDIDATE, register_bundle
from synapse_pipelines.registry.register import register_clustering
from synapse_pipelines.registry.tracking import Tracker, local_tracking_uri
from synapse_pipelines.registry.version_commands import main, track
from synapse_pipelines.registry.version_store import VersionStore
from synapse_pipelines.settings import TrainingSettings
from synapse_pipelines.testing import build_tiny_clustering_bundle

# MLflow's own modules and the SQLite driver leave warnings of theirs behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.timeout(600),  # DVC takes seconds to start, a dozen times that on a busy machine
]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("clusters") / "bundle"
    build_tiny_clustering_bundle(folder)
    return Bundle.open(folder, kind="clustering")


def test_a_registered_bundle_can_be_noted_in_git_and_pulled_in_a_clone(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_dir = tmp_path / "build"
    remote = str(build_dir / "dvc" / "remote")
    uri = local_tracking_uri(build_dir)
    found = register_clustering(bundle.path, "{}", tracking_uri=uri, git_commit="abc", version_remote=remote)
    version = f"{found.name}/{found.bundle_version}"
    tags = Tracker(uri).client.get_run(found.run_id).data.tags
    assert (tags["versions"], tags["version_remote"]) == (version, remote)

    clone = _checkout(tmp_path / "clone")
    told = TrainingSettings(build_dir=build_dir)
    assert main(["--project", str(clone), "track", "--model", found.name], told) == 0
    assert main(["--project", str(clone), "pull", version], told) == 0
    pointer, folder = (Path(line) for line in capsys.readouterr().out.splitlines())
    assert pointer == clone / "versions" / f"{version}.dvc"
    assert Bundle.open(folder, kind="clustering").manifest == bundle.manifest
    assert _changes(clone) == [f"versions/{version}.dvc"]  # git sees the pointer, not the content


def test_a_folder_is_put_under_version_in_a_checkout(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clone = _checkout(tmp_path / "clone")
    told = TrainingSettings(build_dir=tmp_path / "build")
    assert main(["--project", str(clone), "push", "clusters/v1", str(bundle.path)], told) == 0
    assert _changes(clone) == ["versions/clusters/v1.dvc"]
    assert main(["--project", str(clone), "pull", "clusters/v2"], told) == 1
    assert "known versions: clusters/v1" in capsys.readouterr().err


def test_a_run_without_pointers_cannot_be_noted(bundle: Bundle, tmp_path: Path) -> None:
    uri = local_tracking_uri(tmp_path)
    register_bundle(bundle, tracking_uri=uri, params={}, environment=Environment.here("abc"))
    store = VersionStore(tmp_path / "clone", str(tmp_path / "remote"))
    with pytest.raises(NotFound, match="kept no pointers"):
        track(store, bundle.manifest.name, CANDIDATE, uri)


def _checkout(folder: Path) -> Path:
    """A git repository with this one's DVC project."""
    for name in (".gitignore", ".dvc/config", ".dvc/.gitignore", ".dvcignore", "versions/.gitignore"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((ROOT / name).read_bytes())
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "t"]):
        subprocess.run(["git", *command], cwd=folder, check=True)  # noqa: S607
    return folder


def _changes(folder: Path) -> list[str]:
    command = ["git", "ls-files", "--others", "--modified", "--exclude-standard"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.split()
