from pathlib import Path

import pytest
import torch
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.progress import Event, ignore
from synapse_pipelines.settings import PRESETS, Recipe
from synapse_pipelines.training.encoder import packaged_encoder
from synapse_pipelines.training.train import train_model

QUICK = PRESETS["tiny"].model_copy(update={"epochs": 1, "max_train_rows": 120, "max_valid_rows": 60, "max_tokens": 16})


@pytest.fixture(scope="module")
def dataset(source_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dataset")
    prepare_dataset(source_tables, QUICK, out)
    return out


def weights(folder: Path) -> bytes:
    return (folder / "model" / "model.safetensors").read_bytes()


def train(dataset: Path, out: Path, **changes: object) -> tuple[Recipe, Path]:
    recipe = Recipe.model_validate(QUICK.model_dump() | changes)
    train_model(dataset, recipe, str(packaged_encoder()), out, ignore)
    return recipe, out


def test_equal_seeds_train_equal_models(dataset: Path, tmp_path: Path) -> None:
    first, again, other = (
        weights(train(dataset, tmp_path / name, seed=seed)[1]) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == again
    assert first != other


def test_progress_is_told_to_the_end(dataset: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    summary = train_model(dataset, QUICK, str(packaged_encoder()), tmp_path, events.append)
    assert events[-1].fraction == 1.0
    assert summary.stopped == "all epochs done"
    assert summary.steps == summary.planned_steps
    assert summary.rows_seen == 120


@pytest.mark.parametrize(("wanted", "passes"), [(0, 1), (120, 1), (121, 2), (300, 3)])
def test_small_data_are_passed_over_until_enough_rows_were_seen(
    dataset: Path, tmp_path: Path, wanted: int, passes: int
) -> None:
    recipe = QUICK.model_copy(update={"min_rows_seen": wanted})
    summary = train_model(dataset, recipe, str(packaged_encoder()), tmp_path, ignore)
    assert summary.rows_seen == passes * 120
    assert summary.steps == summary.planned_steps


def test_a_loss_that_is_no_number_stops_training(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = torch.tensor(float("nan"), requires_grad=True)
    monkeypatch.setattr("synapse_pipelines.training.loop.masked_bce", lambda *_: broken * 1)
    with pytest.raises(
        TrainingError, match=r"the loss became nan at step 1; lower the learning rate \(there is no checkpoint\)"
    ):
        train_model(dataset, QUICK, str(packaged_encoder()), tmp_path / "out", ignore)
    assert not (tmp_path / "out").exists()


def test_the_time_cap_ends_training_and_says_so(dataset: Path, tmp_path: Path) -> None:
    recipe = QUICK.model_copy(update={"max_minutes": 1e-6})
    summary = train_model(dataset, recipe, str(packaged_encoder()), tmp_path, ignore)
    assert "time cap" in summary.stopped
    assert summary.steps < summary.planned_steps


def test_early_stopping_keeps_the_best_look(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([0.9, 0.5, 0.4, 0.3])
    monkeypatch.setattr("synapse_pipelines.training.train.macro_auprc", lambda *_: next(scores))
    recipe = QUICK.model_copy(update={"evaluations": 4, "patience": 2})
    summary = train_model(dataset, recipe, str(packaged_encoder()), tmp_path, ignore)
    assert summary.valid_macro_auprc == [0.9, 0.5, 0.4]
    assert summary.stopped == "no better for 2 looks"
