import json
from pathlib import Path

import pytest
from synapse_common.bundle import MANIFEST_NAME, REQUIRED_FILES, Bundle, BundleError, load_manifest, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in REQUIRED_FILES["clustering"]:
        (tmp_path / name).write_text("{}", encoding="utf-8")
    write_manifest(tmp_path, kind="clustering", name="users", data={"rows": 3}, metrics={"silhouette": 0.4})
    return tmp_path


def edit_manifest(folder: Path, **changes: object) -> None:
    file = folder / MANIFEST_NAME
    file.write_text(json.dumps(json.loads(file.read_text()) | changes), encoding="utf-8")


def test_open_returns_what_was_written(folder: Path) -> None:
    bundle = Bundle.open(folder, kind="clustering")
    assert bundle.manifest.name == "users"
    assert bundle.manifest.metrics == {"silhouette": 0.4}
    assert bundle.json("labels.json") == {}
    assert bundle.file("CARD.md") == folder / "CARD.md"


def test_version_depends_on_content_alone(folder: Path) -> None:
    first = load_manifest(folder).version
    again = write_manifest(folder, kind="clustering", name="users", data={}, metrics={})
    assert again.version == first
    (folder / "labels.json").write_text("[]", encoding="utf-8")
    assert write_manifest(folder, kind="clustering", name="users", data={}, metrics={}).version != first


def test_what_is_written_about_a_model_and_other_forms_of_it_leave_its_version(folder: Path) -> None:
    first = load_manifest(folder).version
    (folder / "CARD.md").write_text("other", encoding="utf-8")
    (folder / "model").mkdir()
    (folder / "model" / "config.json").write_text("{}", encoding="utf-8")
    assert write_manifest(folder, kind="clustering", name="users", data={}, metrics={}).version == first


def test_a_changed_file_is_refused_by_name(folder: Path) -> None:
    (folder / "clusters.npz").write_bytes(b"tampered")
    with pytest.raises(BundleError, match=r"clusters\.npz does not match"):
        Bundle.open(folder, kind="clustering")


def test_a_missing_file_is_refused_by_name(folder: Path) -> None:
    (folder / "labels.json").unlink()
    with pytest.raises(BundleError, match=r"labels\.json is missing"):
        Bundle.open(folder, kind="clustering")


def test_an_absent_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no model bundle"):
        Bundle.open(tmp_path / "nowhere", kind="moderation")


def test_another_kind_is_refused(folder: Path) -> None:
    with pytest.raises(BundleError, match="holds a clustering bundle"):
        Bundle.open(folder, kind="moderation")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "format"),
        ({"files": {}}, "files lacks"),
        ({"unknown": 1}, "unknown"),
        ({"kind": "moderation"}, "files lacks model.int8.onnx.xz"),
    ],
)
def test_a_wrong_manifest_is_refused(folder: Path, changes: dict[str, object], message: str) -> None:
    edit_manifest(folder, **changes)
    with pytest.raises(BundleError, match=message):
        load_manifest(folder)


def test_a_path_outside_the_bundle_is_refused(folder: Path) -> None:
    files = json.loads((folder / MANIFEST_NAME).read_text())["files"] | {"../secret": "0"}
    edit_manifest(folder, files=files)
    with pytest.raises(BundleError, match="outside the bundle"):
        load_manifest(folder)


def test_a_file_that_is_not_listed_is_not_handed_out(folder: Path) -> None:
    (folder / "extra.txt").write_text("x", encoding="utf-8")
    with pytest.raises(BundleError, match="does not list"):
        Bundle.open(folder, kind="clustering").file("extra.txt")


def test_writing_an_incomplete_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not a complete clustering bundle"):
        write_manifest(tmp_path, kind="clustering", name="users", data={}, metrics={})


def test_wrong_thresholds_are_refused(folder: Path) -> None:
    (folder / "thresholds.json").write_text('{"thresholds": {}, "calibration": {}}', encoding="utf-8")
    write_manifest(folder, kind="clustering", name="users", data={}, metrics={})
    with pytest.raises(BundleError, match=r"thresholds\.json is not valid"):
        Bundle.open(folder, kind="clustering").decision_rule()
