"""The ablation runs, and compares what it says it compares."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from synapse_pipelines.augmentation.ablation import NONE, Ablation, arms_of, as_long_as, markdown_table, run_ablation
from synapse_pipelines.augmentation.recipe import AugmentationRecipe
from synapse_pipelines.errors import AugmentationError
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.progress import ignore
from synapse_pipelines.training.batches import plan_steps
from synapse_pipelines.training.encoder import packaged_encoder

RECIPE = PRESETS["tiny"].model_copy(
    update={
        "max_tokens": 16,
        "max_steps": 6,
        "augmentation": AugmentationRecipe(template_rows=80, obfuscated_share=0.1, valid_labels=20),
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ablation")


@pytest.fixture(scope="module")
def ablation(labelled_dataset: Path, folder: Path) -> Ablation:
    return run_ablation(labelled_dataset, RECIPE, str(packaged_encoder()), folder, ignore)


def test_each_method_is_tried_alone_and_those_that_are_on_together() -> None:
    arms = arms_of(AugmentationRecipe(template_rows=80))
    assert list(arms) == [NONE, "templates", "obfuscation", "paraphrases", "as the recipe says", "all of these"]
    assert (arms[NONE].template_rows, arms[NONE].obfuscated_share) == (0, 0)
    assert (arms["templates"].template_rows, arms["templates"].obfuscated_share) == (80, 0)
    assert arms["as the recipe says"] == AugmentationRecipe(template_rows=80)
    assert arms["all of these"].paraphrase_share > 0


def test_methods_that_need_a_model_are_tried_where_they_are_on() -> None:
    arms = arms_of(AugmentationRecipe(back_translation_rows=10, llm_rows=5, chat_model="m"))
    assert arms["back translation"].back_translation_rows == 10
    assert arms["chat model"].llm_rows == 5
    assert arms["chat model"].back_translation_rows == 0


def test_more_rows_are_trained_on_for_as_many_steps_though_they_are_passed_once_and_the_others_twice() -> None:
    recipe = PRESETS["tiny"].model_copy(update={"epochs": 1, "min_rows_seen": 110, "tokens_per_batch": 128})
    few, more = [16] * 100, [12] * 130
    steps = len(plan_steps(few, recipe))
    assert len(plan_steps(more, recipe)) < steps
    assert len(plan_steps(more, as_long_as(recipe, steps, 2 * len(few)))) == steps


def test_every_arm_has_as_many_steps_and_the_same_rows_of_people(ablation: Ablation) -> None:
    assert {one.steps for one in ablation.arms} == {6}
    assert len({one.train_rows["real"] for one in ablation.arms}) == 1
    by_name = {one.arm: one for one in ablation.arms}
    assert set(by_name[NONE].train_rows) == {"real"}
    assert by_name["templates"].train_rows["template"] == 80
    assert by_name["paraphrases"].train_rows["paraphrase"] > 0


def test_every_arm_is_compared_with_none_on_the_same_texts(ablation: Ablation) -> None:
    first, *others = ablation.arms
    assert first.gain is None
    for one in others:
        assert one.gain is not None
        assert one.gain.macro_auprc["all"] == pytest.approx(first.macro_auprc["all"].value)
        assert one.gain.gain["all"].value == pytest.approx(
            one.macro_auprc["all"].value - first.macro_auprc["all"].value
        )
        assert 0 <= one.functional_accuracy.value <= 1
        assert 0 <= one.contrast_false_positive_rate.value <= 1


def test_the_table_has_a_line_for_each_arm(ablation: Ablation) -> None:
    table = markdown_table(ablation).splitlines()
    assert len(table) == 2 + len(ablation.arms)
    assert len({line.count("|") for line in table}) == 1
    assert Ablation.model_validate(json.loads(ablation.model_dump_json())) == ablation


def test_no_arm_trains_on_a_functional_test(ablation: Ablation, folder: Path) -> None:
    for one in ablation.arms:
        data = folder / one.arm.replace(" ", "-") / "data"
        functional = pd.read_parquet(data / "functional.parquet")
        assert not set(functional["key"]) & set(pd.read_parquet(data / "train.parquet")["key"])


def test_generated_data_are_refused(generated_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(AugmentationError, match="labelled data"):
        run_ablation(generated_dataset, RECIPE, str(packaged_encoder()), tmp_path, ignore)
