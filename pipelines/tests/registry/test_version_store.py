from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from synapse_common.errors import InvalidInput
from synapse_pipelines.errors import PipelineError
from synapse_pipelines.registry.version_store import VersionStore

from tests.integration.s3 import S3Server, running_s3


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    (folder / "model").mkdir(parents=True)
    (folder / "bundle.json").write_text("{}")
    (folder / "model" / "weights").write_bytes(bytes(range(256)) * 100)
    return folder


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


def content(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_version_comes_back_by_its_pointer_alone_from_a_folder(bundle: Path, tmp_path: Path) -> None:
    remote = str(tmp_path / "remote")
    with VersionStore.scratch(remote) as store:
        pointer = store.push({"moderation/v1": bundle})["moderation/v1"].read_text()
    other = VersionStore(tmp_path / "clone", remote)
    other.pointer("moderation/v1").parent.mkdir(parents=True)
    other.pointer("moderation/v1").write_text(pointer)
    assert other.known() == ["moderation/v1"]
    assert content(other.pull("moderation/v1")) == content(bundle)
    out = yaml.safe_load(pointer)["outs"][0]
    assert (out["nfiles"], out["size"]) == (2, 25_602)


@pytest.mark.integration
@pytest.mark.timeout(600)  # DVC takes seconds to start, a dozen times that on a busy machine
def test_versions_go_to_s3_and_come_back(
    bundle: Path, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.settings.items():
        monkeypatch.setenv(name, value)
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.parquet").write_bytes(b"rows")
    store = VersionStore(tmp_path / "project", f"s3://{s3.bucket}/versions")
    pointers = store.push({"moderation/v1": bundle, "moderation-data/v9": data})
    assert len(s3.keys("versions/files/md5/")) == 5  # three files, and a list for each of the two folders
    assert store.known() == ["moderation-data/v9", "moderation/v1"]
    for file in (store.project / ".dvc").rglob("*"):
        assert not file.is_file() or b"made-up-secret" not in file.read_bytes()

    other = VersionStore(tmp_path / "clone", store.remote)
    for version, pointer in pointers.items():
        other.pointer(version).parent.mkdir(parents=True)
        other.pointer(version).write_text(pointer.read_text())
    assert content(other.pull("moderation/v1")) == content(bundle)
    assert content(other.pull("moderation-data/v9")) == content(data)

    monkeypatch.setenv("SYNAPSE_S3_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(PipelineError, match="dvc push failed"):
        store.push({"moderation/v1": bundle})


def test_a_version_that_the_remote_lost_is_an_error(bundle: Path, tmp_path: Path) -> None:
    with VersionStore.scratch(str(tmp_path / "remote")) as store:
        pointer = store.push({"moderation/v1": bundle})["moderation/v1"].read_text()
    empty = VersionStore(tmp_path / "clone", str(tmp_path / "elsewhere"))
    empty.pointer("moderation/v1").parent.mkdir(parents=True)
    empty.pointer("moderation/v1").write_text(pointer)
    with pytest.raises(PipelineError, match="dvc pull failed"):
        empty.pull("moderation/v1")


@pytest.mark.parametrize("version", ["moderation", "../moderation/v1", "a/b/c", "/etc/passwd", "a/ b", "moderation/"])
def test_a_version_needs_a_name(version: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is called"):
        VersionStore(tmp_path, "remote").pull(version)


def test_an_unknown_version_names_the_known_ones(tmp_path: Path) -> None:
    store = VersionStore(tmp_path, "remote")
    with pytest.raises(InvalidInput, match="known versions: none"):
        store.pull("moderation/v1")
    store.pointer("moderation/v0").parent.mkdir(parents=True)
    store.pointer("moderation/v0").touch()
    with pytest.raises(InvalidInput, match="known versions: moderation/v0"):
        store.pull("moderation/v1")
