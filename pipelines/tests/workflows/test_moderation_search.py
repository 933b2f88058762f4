"""The search through `kfp.local`, a process for each step."""

from pathlib import Path

import pytest
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.progress import Event
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.run import run_search
from synapse_pipelines.search.recipe import SearchRecipe
from synapse_pipelines.settings import TrainingSettings

# MLflow's own modules and the SQLite driver leave warnings of theirs behind.
pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def test_a_search_goes_on_with_its_study_and_prepares_nothing_twice(
    source_tables: Path, small_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synapse_pipelines.run.code_version", lambda: "fixed")  # someone may be editing meanwhile

    def run(trials: int) -> tuple[list[Event], int, Path]:
        search = SearchRecipe(trials=trials, train_rows=80, valid_rows=100, looks=2)
        settings = TrainingSettings(
            recipe=PRESETS["tiny"].model_copy(update={"epochs": 1, "search": search}),
            data_dir=source_tables,
            build_dir=tmp_path / "build",
            base_encoder=str(small_encoder),
        )
        events: list[Event] = []
        found = run_search(settings, events.append)
        assert found.report.is_file()
        return events, len(found.result.trials), found.recipe_file

    events, trials, _ = run(1)
    assert [event.step for event in events if event.state == "done"] == ["prepare-data", "augment", "tune"]
    assert any(event.step == "tune" and "1 of 1 trials" in event.message for event in events)
    assert trials == 1
    events, trials, file = run(2)
    assert trials == 2
    assert [event.step for event in events if event.state == "cached"] == ["prepare-data", "augment"]
    assert "1 of 2 trials" in next(event.message for event in events if "trials" in event.message)
    assert Recipe.model_validate_json(file.read_bytes()).search == SearchRecipe()
