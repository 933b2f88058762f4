import re
import shutil
from importlib import metadata
from pathlib import Path

import pytest
import synapse_pipelines
from synapse_pipelines.workflows import versions


def test_the_code_version_follows_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = versions.code_version()
    assert re.fullmatch(r"[0-9a-f]{12}", before)
    copy = shutil.copytree(next(iter(synapse_pipelines.__path__)), tmp_path / "synapse_pipelines")
    monkeypatch.setattr(synapse_pipelines, "__path__", [str(copy)])
    assert versions.code_version() == before
    with (copy / "data" / "split.py").open("a") as file:
        file.write("# changed\n")
    assert versions.code_version() != before


@pytest.mark.parametrize("library", ["onnxruntime", "scikit-learn", "torch", "transformers"])
def test_the_code_version_follows_the_libraries_that_decide_figures(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = versions.code_version()
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.0" if name == library else real(name))
    assert versions.code_version() != before


def test_without_a_checkout_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synapse_pipelines, "__path__", [str(tmp_path)])
    assert versions.git_commit() == "unknown"
