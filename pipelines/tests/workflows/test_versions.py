import re
import shutil
from importlib import metadata
from pathlib import Path

import pytest
import synapse_pipelines
from synapse_pipelines.workflows import versions


@pytest.mark.parametrize(
    "file", ["data/split.py", "augmentation/prompts/harmful.txt", "evaluation/baselines/lexicon_pt.txt"]
)
def test_the_code_version_follows_the_source(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = versions.code_version()
    assert re.fullmatch(r"[0-9a-f]{12}", before)
    copy = shutil.copytree(next(iter(synapse_pipelines.__path__)), tmp_path / "synapse_pipelines")
    monkeypatch.setattr(synapse_pipelines, "__path__", [str(copy)])
    assert versions.code_version() == before
    with (copy / file).open("a", encoding="utf-8") as source:
        source.write("# changed\n")
    assert versions.code_version() != before


def test_the_code_version_follows_the_models_that_steps_use(tmp_path: Path) -> None:
    (tmp_path / "tagger.json").write_text("{}", encoding="utf-8")
    before = versions.code_version(tmp_path)
    assert before not in {versions.code_version(), ""}
    (tmp_path / "tagger.json").write_text('{"max_tokens": 8}', encoding="utf-8")
    assert versions.code_version(tmp_path) != before


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
