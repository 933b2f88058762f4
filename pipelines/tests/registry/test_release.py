"""The bundle that the code carries."""

from __future__ import annotations

from pathlib import Path

import pytest
from synapse_common.bundle import Bundle
from synapse_pipelines.errors import GateError
from synapse_pipelines.registry import release
from synapse_pipelines.registry.release import release_bundle


def test_a_released_bundle_is_the_same_version_without_torch_weights(moderation_bundle: Bundle, tmp_path: Path) -> None:
    target = tmp_path / "models" / "moderation"
    target.mkdir(parents=True)
    (target / "old").write_text("x")
    manifest = release_bundle(moderation_bundle, target)
    found = Bundle.open(target, kind="moderation")
    assert found.manifest == manifest
    assert manifest.version == moderation_bundle.manifest.version
    assert manifest.created == moderation_bundle.manifest.created
    assert found.onnx() == moderation_bundle.onnx()
    assert not any(name.startswith("model/") for name in manifest.files)
    assert not (target / "old").exists()


def test_a_bundle_too_large_for_git_is_not_released(
    moderation_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "moderation").mkdir()
    (tmp_path / "moderation" / "old").write_text("x")
    monkeypatch.setattr(release, "MOST_BYTES", 1000)
    with pytest.raises(GateError, match="smaller vocabulary"):
        release_bundle(moderation_bundle, tmp_path / "moderation")
    assert (tmp_path / "moderation" / "old").exists()
