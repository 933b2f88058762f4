"""The commands about models, as far as they go without training."""

import json
from pathlib import Path

import pytest
import synapse_pipelines.run
from synapse_cli.main import app
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.progress import OnEvent
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.settings import TrainingSettings
from typer.testing import CliRunner


@pytest.fixture(autouse=True)
def _away_from_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[TrainingSettings]:
    """Settings that the commands would train or search with."""
    taken: list[TrainingSettings] = []

    def take(settings: TrainingSettings, _: OnEvent) -> None:
        taken.append(settings)
        raise TrainingError("far enough")

    monkeypatch.setattr(synapse_pipelines.run, "run_training", take)
    monkeypatch.setattr(synapse_pipelines.run, "run_search", take)
    return taken


def test_the_recipe_that_counts_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_TRAINING_RECIPE", '{"search": {"trials": 20}}')
    printed = CliRunner().invoke(app, ["recipe", "--preset", "full"], catch_exceptions=False)
    full = PRESETS["full"]
    expected = full.model_copy(update={"search": full.search.model_copy(update={"trials": 20})})
    assert Recipe.model_validate(json.loads(printed.stdout)) == expected


@pytest.mark.parametrize("command", ["train", "tune"])
def test_the_environment_s_preset_counts_unless_an_option_names_one(
    command: str, asked: list[TrainingSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNAPSE_TRAINING_PRESET", "full")
    CliRunner().invoke(app, [command])
    CliRunner().invoke(app, [command, "--preset", "demo"])
    assert [settings.effective_recipe.layers for settings in asked] == [PRESETS["full"].layers, PRESETS["demo"].layers]


def test_a_search_is_as_large_as_the_option_says_else_the_recipe(
    asked: list[TrainingSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    CliRunner().invoke(app, ["tune"])
    monkeypatch.setenv("SYNAPSE_TRAINING_RECIPE", '{"search": {"trials": 40, "workers": 2}}')
    CliRunner().invoke(app, ["tune"])
    CliRunner().invoke(app, ["tune", "--trials", "3", "--minutes", "5"])
    searches = [settings.effective_recipe.search for settings in asked]
    assert [(one.trials, one.workers, one.timeout_minutes) for one in searches] == [
        (20, 1, None),
        (40, 2, None),
        (3, 2, 5.0),
    ]


def test_a_search_of_no_time_is_refused(asked: list[TrainingSettings]) -> None:
    refused = CliRunner().invoke(app, ["tune", "--minutes", "-1"])
    assert refused.exit_code == 2
    assert "--minutes" in refused.output
    assert not asked
