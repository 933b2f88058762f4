"""Whole pipelines through `kfp.local`, a process for each step."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from synapse_common.bundle import Bundle
from synapse_common.text import normalise
from synapse_pipelines.data.generate import BASIC_BANKS, write_tables
from synapse_pipelines.errors import PipelineError
from synapse_pipelines.progress import Event
from synapse_pipelines.registry.models import CANDIDATE, fetch_bundle, find
from synapse_pipelines.run import CLUSTERS_NAME, TrainingResult, run_clustering, run_training, write_reports
from synapse_pipelines.settings import TrainingSettings
from synapse_pipelines.training.encoder import packaged_encoder
from synapse_pipelines.training.model import load_tokenizer
from synapse_pipelines.training.predict import onnx_logits

# MLflow's own modules and the SQLite driver leave warnings of theirs behind.
pytestmark = [
    pytest.mark.integration,
    pytest.mark.xdist_group("pipelines"),  # one worker runs all that shares the module's run
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

STEPS = ["prepare-data", "augment", "keep-recipe", "train", "distil", "evaluate", "quantise", "package", "register"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> TrainingSettings:
    work = tmp_path_factory.mktemp("run")
    write_tables(work / "data", annotations=900, messages=400, seed=3, banks=BASIC_BANKS)
    (work / "encoder").symlink_to(packaged_encoder())
    return TrainingSettings(
        preset="tiny", data_dir=work / "data", build_dir=work / "build", base_encoder=str(work / "encoder")
    )


@pytest.fixture(scope="module")
def first(settings: TrainingSettings) -> tuple[TrainingResult, list[Event]]:
    events: list[Event] = []
    return run_training(settings, events.append), events


def test_the_run_tells_its_steps_in_order(first: tuple[TrainingResult, list[Event]]) -> None:
    events = first[1]
    assert [event.step for event in events if event.state == "done"] == STEPS
    assert any(event.state == "running" and "texts/s" in event.message for event in events)


def test_the_run_leaves_a_registered_candidate(
    first: tuple[TrainingResult, list[Event]], settings: TrainingSettings, tmp_path: Path
) -> None:
    result = first[0]
    uri = result.registered.tracking_uri
    assert find(settings.model_name, CANDIDATE, uri) == result.registered
    fetched = fetch_bundle(settings.model_name, CANDIDATE, kind="moderation", tracking_uri=uri, target=tmp_path)
    assert fetched.manifest == result.bundle.manifest
    assert result.evaluation_file.is_file()
    for report in write_reports(result, tmp_path / "reports"):
        assert "</html>" in report.read_text("utf-8")
    assert result.dataset.name == "generated"


def test_the_candidate_tells_abusive_from_clean_test_texts(first: tuple[TrainingResult, list[Event]]) -> None:
    result = first[0]
    test = pd.read_parquet(result.dataset_dir / "test.parquet")
    bundle: Bundle = result.bundle
    tokenizer = load_tokenizer(str(bundle.path / "model"))
    texts = [normalise(text) for text in test["text"]]
    scores = bundle.decision_rule().scores(onnx_logits(bundle.onnx(), tokenizer, texts, 32))
    assert scores[test["toxicity"], 0].mean() > scores[~test["toxicity"], 0].mean() + 0.1


def test_a_second_run_is_served_from_the_cache_and_registers_nothing_new(
    first: tuple[TrainingResult, list[Event]], settings: TrainingSettings
) -> None:
    events: list[Event] = []
    again = run_training(settings, events.append)
    assert [event.step for event in events if event.state == "cached"] == STEPS[:-1]
    assert again.registered == first[0].registered


def test_a_failing_step_is_named_with_its_own_message(settings: TrainingSettings, tmp_path: Path) -> None:
    assert settings.data_dir is not None
    folder = shutil.copytree(settings.data_dir, tmp_path / "data")
    pd.DataFrame({"wrong": [1]}).to_parquet(folder / "annotations.parquet")
    with pytest.raises(PipelineError, match=r"step prepare-data .*annotations\.parquet has no column id"):
        run_training(settings.model_copy(update={"data_dir": folder, "build_dir": tmp_path / "build"}))


def test_clustering_leaves_a_registered_candidate(settings: TrainingSettings) -> None:
    result = run_clustering(settings)
    assert find(CLUSTERS_NAME, CANDIDATE, result.registered.tracking_uri) == result.registered
    assert result.metrics["k"] >= 3
