import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.errors import DataError, TrainingError
from synapse_pipelines.progress import Event, ignore
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.checkpoint import CheckpointStore
from synapse_pipelines.training.train import TrainingSummary, train_model

Train = Callable[..., TrainingSummary]


@pytest.fixture
def train(dataset: Path, quick: Recipe, small_encoder: Path, tmp_path: Path) -> Train:
    """Trains into ``tmp_path / out`` with a changed recipe, other data or checkpoints."""

    def run(
        out: str = "out", data: Path = dataset, checkpoints: Path | None = None, **changes: object
    ) -> TrainingSummary:
        recipe = Recipe.model_validate(quick.model_dump() | changes)
        return train_model(data, recipe, str(small_encoder), tmp_path / out, ignore, checkpoints)

    return run


def weights(folder: Path) -> bytes:
    return (folder / "model" / "model.safetensors").read_bytes()


def result(summary: TrainingSummary) -> dict[str, object]:
    return summary.model_dump(exclude={"seconds"})


def changed(dataset: Path, folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Path:
    shutil.copytree(dataset, folder)
    rows = pd.read_parquet(folder / "train.parquet")
    change(rows).to_parquet(folder / "train.parquet")
    return folder


def test_equal_seeds_train_equal_models(train: Train, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(out=name, seed=seed)
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "c")


def test_progress_is_told_to_the_end(dataset: Path, quick: Recipe, small_encoder: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    summary = train_model(dataset, quick, str(small_encoder), tmp_path, events.append)
    assert events[-1].fraction == 1.0
    assert summary.stopped == "all epochs done"
    assert summary.steps == summary.planned_steps
    assert summary.rows_seen == len(pd.read_parquet(dataset / "train.parquet"))
    assert (summary.workers, summary.precision) == (1, "float32")


def test_the_loss_falls(train: Train) -> None:
    losses = train(epochs=20).train_loss
    third = len(losses) // 3
    assert sum(losses[-third:]) < 0.97 * sum(losses[:third])


def test_a_loss_that_is_no_number_ends_training_before_it_spoils_the_weights(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synapse_pipelines.training import loop

    honest, calls = loop.masked_bce, iter(range(100))
    monkeypatch.setattr(loop, "masked_bce", lambda *given: honest(*given) * (float("nan") if next(calls) == 3 else 1.0))
    with pytest.raises(
        TrainingError,
        match=r"the loss became nan at step 4; lower the learning rate \(the checkpoint of step 3 is kept\)",
    ):
        train(checkpoints=tmp_path / "checkpoints", checkpoint_minutes=0)
    assert not (tmp_path / "out").exists()
    (kept,) = (tmp_path / "checkpoints").iterdir()
    assert sorted(file.name[:13] for file in kept.iterdir()) == ["step-00000002", "step-00000003"]


def test_a_gradient_that_is_no_number_ends_training(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    from synapse_pipelines.training import loop

    monkeypatch.setattr(loop.nn.utils, "clip_grad_norm_", lambda *_: torch.tensor(float("inf")))
    with pytest.raises(TrainingError, match="the gradient became inf at step 1"):
        train()


def test_a_full_disk_ends_training_with_the_last_checkpoint_kept(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = CheckpointStore.save

    def save_until_full(store: CheckpointStore, step: int, state: dict[str, object]) -> None:
        if step == 3:
            (store.folder / "writing.partial").symlink_to("/dev/full")
        honest(store, step, state)

    monkeypatch.setattr(CheckpointStore, "save", save_until_full)
    with pytest.raises(TrainingError, match=r"No space left on device.*the one of step 2 is kept"):
        train(checkpoints=tmp_path / "checkpoints", checkpoint_minutes=0)
    monkeypatch.undo()
    assert result(train(checkpoints=tmp_path / "checkpoints")) == result(train(out="whole"))
    assert weights(tmp_path / "out") == weights(tmp_path / "whole")


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_a_training_cut_off_after_any_step_ends_with_the_same_model(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    recipe = {"precision": precision, "epochs": 2, "accumulation": 2, "evaluations": 3, "patience": 5, "dropout": 0.3}
    whole = train(out="whole", **recipe)
    honest = CheckpointStore.save

    def save_and_stop(store: CheckpointStore, step: int, state: dict[str, object]) -> None:
        honest(store, step, state)
        raise KeyboardInterrupt

    checkpoints = tmp_path / "checkpoints"
    monkeypatch.setattr(CheckpointStore, "save", save_and_stop)
    for _ in range(whole.steps):  # each part is one step long
        with pytest.raises(KeyboardInterrupt):
            train(checkpoints=checkpoints, checkpoint_minutes=0, **recipe)
    monkeypatch.undo()
    assert result(train(checkpoints=checkpoints, **recipe)) == result(whole)
    assert weights(tmp_path / "out") == weights(tmp_path / "whole")
    assert not any(checkpoints.iterdir())


@pytest.mark.parametrize(
    ("changes", "meets"),
    [
        ({"checkpoint_minutes": 1.0}, True),
        ({"max_false_positive_rate": 0.01, "int8_levels": 20}, True),
        ({"learning_rate": 1e-4}, False),
        ({"seed": 5}, False),
        ({"weight": 0.5}, False),
    ],
)
def test_checkpoints_are_met_by_the_same_training_alone(
    train: Train, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, float], meets: bool
) -> None:
    checkpoints = tmp_path / "checkpoints"
    monkeypatch.setattr(CheckpointStore, "clear", lambda _: None)
    train(checkpoints=checkpoints, checkpoint_minutes=0)
    weight = changes.pop("weight", None)
    data = dataset if weight is None else changed(dataset, tmp_path / "w", lambda rows: rows.assign(weight=weight))
    train(checkpoints=checkpoints, data=data, **({"checkpoint_minutes": 0} | changes))
    assert len(list(checkpoints.iterdir())) == (1 if meets else 2)


def test_the_time_cap_ends_training_and_says_so(train: Train) -> None:
    summary = train(max_minutes=1e-6, evaluations=1)
    assert "time cap" in summary.stopped
    assert summary.steps < summary.planned_steps
    assert len(summary.valid_macro_auprc) == 1


def test_the_step_limit_ends_training_and_says_so(train: Train) -> None:
    summary = train(max_steps=2)
    assert summary.stopped == "step limit of 2"
    assert summary.steps == 2


def test_early_stopping_keeps_the_best_look(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([0.9, 0.5, 0.4, 0.3])
    monkeypatch.setattr("synapse_pipelines.training.train.macro_auprc", lambda *_: next(scores))
    summary = train(evaluations=4, patience=2)
    assert summary.valid_macro_auprc == [0.9, 0.5, 0.4]
    assert summary.stopped == "no better for 2 looks"
    # The best weights are those of the first look, a quarter of the way: a training that ends there has them, too.
    scores = iter([0.9, 0.5])
    train(out="short", evaluations=4, patience=1)
    assert weights(tmp_path / "out") == weights(tmp_path / "short")


def test_what_rows_of_weight_zero_say_is_not_learnt(train: Train, dataset: Path, tmp_path: Path) -> None:
    def flipped(rows: pd.DataFrame, weight: float) -> pd.DataFrame:
        rows = rows.assign(weight=1.0)
        rows.loc[:39, "weight"] = weight
        for name in COLUMNS:
            rows[name] = rows[name].astype("boolean")
            rows.loc[:39, name] = ~rows.loc[:39, name]
        return rows

    # A category's weight counts all labels; held at 1, only the rows' weights tell the trainings apart.
    for out, change in {
        "zero": lambda rows: rows.assign(weight=[0.0] * 40 + [1.0] * (len(rows) - 40)),
        "flipped zero": lambda rows: flipped(rows, 0.0),
        "flipped one": lambda rows: flipped(rows, 1.0),
    }.items():
        train(data=changed(dataset, tmp_path / f"{out} data", change), out=out, max_positive_weight=1.0)
    assert weights(tmp_path / "zero") == weights(tmp_path / "flipped zero") != weights(tmp_path / "flipped one")


def test_soft_labels_are_learnt(train: Train, dataset: Path, tmp_path: Path) -> None:
    def softened(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(**{name: rows[name].astype("Float32") * 0.8 + 0.1 for name in COLUMNS})

    losses = train(data=changed(dataset, tmp_path / "soft", softened), epochs=20).train_loss
    third = len(losses) // 3
    # The entropy of the targets, -0.9 ln 0.9 - 0.1 ln 0.1, is a floor that no model gets below.
    assert 0.325 < sum(losses[-third:]) / third < sum(losses[:third]) / third


def test_a_category_without_positives_is_named(train: Train, dataset: Path, tmp_path: Path) -> None:
    empty = changed(dataset, tmp_path / "empty", lambda rows: rows.assign(illicit=False))
    with pytest.raises(DataError, match="no positive example of illicit"):
        train(data=empty)


def test_a_smaller_vocabulary_trains_and_is_saved(train: Train, tmp_path: Path) -> None:
    train(vocabulary=500)
    model = classifier.load(tmp_path / "out" / "model")
    assert model.encoder.config.vocab_size <= 500
    assert len(classifier.load_tokenizer(str(tmp_path / "out" / "model"))) == model.encoder.config.vocab_size
