from pathlib import Path

import pytest
from pydantic import ValidationError
from synapse_common.errors import ConfigurationError
from synapse_pipelines.settings import PRESETS, Recipe, TrainingSettings, load_training_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SYNAPSE_DATA_DIR", "SYNAPSE_MLFLOW_TRACKING_URI", "SYNAPSE_TRAINING_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
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


def test_a_recipe_replaces_the_preset() -> None:
    recipe = Recipe(epochs=3)
    assert TrainingSettings(preset="full", recipe=recipe).effective_recipe == recipe


def test_a_misspelt_recipe_is_refused() -> None:
    with pytest.raises(ValidationError, match="epoch"):
        Recipe.model_validate({"epoch": 3})


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
