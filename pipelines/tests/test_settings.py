import os
from pathlib import Path

import pytest
from synapse_common.errors import ConfigurationError
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.settings import TrainingSettings, load_training_settings
from synapse_pipelines.training.recipe import StudentRecipe


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("SYNAPSE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_settings_the_demo_recipe_runs_on_generated_data() -> None:
    settings = load_training_settings()
    assert settings.data_dir is None
    assert settings.effective_recipe == PRESETS["demo"]


def test_the_shared_names_stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYNAPSE_DATA_DIR", "tables")
    monkeypatch.setenv("SYNAPSE_MLFLOW_TRACKING_URI", "http://tracker")
    settings = load_training_settings()
    assert settings.data_dir == tmp_path / "tables"
    assert settings.tracking_uri == "http://tracker"


def test_the_own_name_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYNAPSE_DATA_DIR", "shared")
    monkeypatch.setenv("SYNAPSE_TRAINING_DATA_DIR", "own")
    assert load_training_settings().data_dir == tmp_path / "own"


def test_a_data_folder_beside_the_checkout_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "shared" / "datasets").mkdir(parents=True)
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    assert load_training_settings().data_dir == tmp_path / "shared" / "datasets"


def test_an_unknown_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_TRAINING_EPOCHS", "3")
    with pytest.raises(ConfigurationError, match="SYNAPSE_TRAINING_EPOCHS"):
        load_training_settings()


def test_a_given_recipe_is_merged_over_the_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_TRAINING_PRESET", "full")
    monkeypatch.setenv("SYNAPSE_TRAINING_RECIPE", '{"epochs": 3, "augmentation": {"obfuscated_share": 0.2}}')
    full = PRESETS["full"]
    augmentation = full.augmentation.model_copy(update={"obfuscated_share": 0.2})
    expected = full.model_copy(update={"epochs": 3, "augmentation": augmentation})
    assert load_training_settings().effective_recipe == expected
    fragment = {"epochs": 3, "augmentation": {"obfuscated_share": 0.2}}
    assert TrainingSettings(preset="full", recipe=fragment).effective_recipe == expected


def test_a_command_s_options_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_TRAINING_PRESET", "tiny")
    monkeypatch.setenv("SYNAPSE_TRAINING_RECIPE", '{"search": {"trials": 7, "workers": 3}}')
    assert load_training_settings(preset=None, data_dir=None).preset == "tiny"
    told = load_training_settings(preset="full", recipe={"search": {"trials": 9}}).effective_recipe
    assert (told.search.trials, told.search.workers, told.layers) == (9, 3, PRESETS["full"].layers)
    with pytest.raises(ConfigurationError, match="RECIPE__SEARCH__TRIALS"):
        load_training_settings(recipe={"search": {"trials": -1}})


def test_tables_of_a_recipe_are_replaced_as_a_whole() -> None:
    fragment = {"max_false_positive_rates": {"hate": 0.1}}
    recipe = TrainingSettings(preset="full", recipe=fragment).effective_recipe
    assert recipe.max_false_positive_rates == {"hate": 0.1}


def test_a_part_that_the_preset_lacks_starts_from_its_defaults() -> None:
    recipe = TrainingSettings(preset="full", recipe={"student": {"layers": 2}}).effective_recipe
    assert recipe.student == StudentRecipe(layers=2)
    assert recipe.layers == PRESETS["full"].layers


def test_a_whole_recipe_stands_for_itself() -> None:
    recipe = Recipe(epochs=3)
    assert TrainingSettings(preset="full", recipe=recipe).effective_recipe == recipe
    written = recipe.model_dump(mode="json")
    assert TrainingSettings(preset="full", recipe=written).effective_recipe == recipe


@pytest.mark.parametrize(
    ("fragment", "named"),
    [('{"epoch": 3}', "RECIPE__EPOCH"), ('{"augmentation": {"rows": 1}}', "RECIPE__AUGMENTATION__ROWS")],
)
def test_a_misspelt_recipe_is_refused(monkeypatch: pytest.MonkeyPatch, fragment: str, named: str) -> None:
    monkeypatch.setenv("SYNAPSE_TRAINING_RECIPE", fragment)
    with pytest.raises(ConfigurationError, match=f"{named}: Extra inputs are not permitted"):
        load_training_settings()


def test_a_wrong_preset_is_named_beside_a_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_TRAINING_PRESET", "big")
    monkeypatch.setenv("SYNAPSE_TRAINING_RECIPE", '{"epochs": 3}')
    with pytest.raises(ConfigurationError, match="SYNAPSE_TRAINING_PRESET"):
        load_training_settings()


def test_the_backend_is_chosen_by_settings_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_TRAINING_BACKEND", "kubeflow")
    with pytest.raises(ConfigurationError, match="the kubeflow backend needs its settings"):
        load_training_settings()
    monkeypatch.setenv("SYNAPSE_TRAINING_KUBEFLOW__IMAGE", "registry/pipelines:1")
    monkeypatch.setenv("SYNAPSE_TRAINING_KUBEFLOW__STAGING", "s3://bucket/training")
    monkeypatch.setenv("SYNAPSE_TRAINING_KUBEFLOW__NODES", "4")
    chosen = load_training_settings().training_backend
    assert chosen.kubeflow is not None
    assert (chosen.backend, chosen.kubeflow.nodes) == ("kubeflow", 4)


def test_a_setting_that_the_backend_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_TRAINING_LOCAL__WORKERS", "2")
    with pytest.raises(ConfigurationError, match="WORKERS"):
        load_training_settings()
