"""A teacher's student."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.progress import Event, ignore
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.distil import SUMMARY_FILE, DistillationSummary, distil_model, soft_labels
from synapse_pipelines.training.recipe import StudentRecipe
from synapse_pipelines.training.train import TrainingSummary, train_model


@pytest.fixture(scope="module")
def teacher(dataset: Path, quick: Recipe, small_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("teacher")
    train_model(dataset, quick, str(small_encoder), out, ignore)
    return out


def test_a_student_is_smaller_and_its_cost_is_measured(
    teacher: Path, dataset: Path, quick: Recipe, tmp_path: Path
) -> None:
    events: list[Event] = []
    recipe = quick.model_copy(update={"student": StudentRecipe(layers=1, vocabulary=600)})
    summary = distil_model(teacher, dataset, recipe, tmp_path, events.append)
    assert summary == DistillationSummary.model_validate_json((tmp_path / SUMMARY_FILE).read_bytes())
    assert summary.student_parameters < summary.teacher_parameters
    assert summary.tokens_share >= 1.0
    assert summary.cost == summary.teacher_macro_auprc - summary.student_macro_auprc
    assert {event.step for event in events} == {"distil"}
    assert not (tmp_path / "work").exists()
    made = classifier.load(tmp_path / "model")
    assert made.encoder.config.vocab_size == 600
    told = [TrainingSummary.model_validate_json((at / "training.json").read_bytes()) for at in (teacher, tmp_path)]
    assert told[0].base_encoder == told[1].base_encoder


def test_without_a_student_in_the_recipe_there_is_nothing_to_train(
    teacher: Path, dataset: Path, quick: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="no student"):
        distil_model(teacher, dataset, quick, tmp_path / "out", ignore)


def test_a_student_cannot_be_larger_than_its_teacher(
    teacher: Path, dataset: Path, quick: Recipe, tmp_path: Path
) -> None:
    recipe = quick.model_copy(update={"student": StudentRecipe(layers=99)})
    with pytest.raises(TrainingError, match="99 layers"):
        distil_model(teacher, dataset, recipe, tmp_path, ignore)


def test_a_recipe_without_a_student_has_no_recipe_for_it() -> None:
    with pytest.raises(ValueError, match="no student"):
        Recipe().for_student()


@given(label=st.sampled_from([0.0, 1.0]), said=st.floats(0, 1, width=32), share=st.floats(0, 1))
def test_a_target_lies_between_label_and_teacher(label: float, said: float, share: float) -> None:
    labels, teacher = np.array([[label]], dtype=np.float32), np.array([[said]], dtype=np.float32)
    target = soft_labels(labels, teacher, share)[0, 0]
    assert min(label, said) - 1e-6 <= target <= max(label, said) + 1e-6


def test_where_nothing_is_known_the_teacher_decides() -> None:
    unknown, said = np.array([[np.nan]], dtype=np.float32), np.array([[0.3]], dtype=np.float32)
    assert soft_labels(unknown, said, 1.0)[0, 0] == np.float32(0.3)
