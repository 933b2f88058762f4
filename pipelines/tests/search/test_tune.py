"""A whole search with real trials: what it writes, what the tracker shows, and that it goes on."""

from pathlib import Path

import pytest
from mlflow import MlflowClient
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.progress import Event
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.registry.tracking import local_tracking_uri
from synapse_pipelines.search import optimise
from synapse_pipelines.search.result import SearchResult
from synapse_pipelines.search.study import local_database
from synapse_pipelines.search.trial import tuned
from synapse_pipelines.search.tune import load_result, study_name, tune

# MLflow's own modules and the SQLite driver leave warnings of theirs behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


class Search:
    """Searches one after the other, in one place."""

    def __init__(self, dataset: Path, encoder: Path, work: Path) -> None:
        self.dataset, self.encoder, self.work = dataset, encoder, work
        self.events: list[Event] = []

    def run(self, recipe: Recipe) -> tuple[Recipe, SearchResult]:
        return tune(
            self.dataset,
            recipe,
            str(self.encoder),
            self.work / "out",
            database=local_database(self.work),
            tracking_uri=local_tracking_uri(self.work),
            git_commit="abc",
            on_event=self.events.append,
        )


@pytest.fixture
def search(search_dataset: Path, small_encoder: Path, tmp_path: Path) -> Search:
    return Search(search_dataset, small_encoder, tmp_path)


def asking(recipe: Recipe, trials: int) -> Recipe:
    return recipe.model_copy(update={"search": recipe.search.model_copy(update={"trials": trials})})


def test_a_search_leaves_recipe_report_and_nested_runs_and_goes_on_in_them(search: Search, searching: Recipe) -> None:
    first_recipe, first = search.run(asking(searching, 2))
    recipe, result = search.run(asking(searching, 3))
    assert [len(one.trials) for one in (first, result)] == [2, 3]
    assert first.study == result.study
    assert first_recipe == tuned(searching, first.best.settings).without_search()

    out = search.work / "out"
    assert Recipe.model_validate_json((out / "recipe.json").read_bytes()) == recipe
    assert load_result(out) == result
    assert recipe == tuned(searching, result.best.settings).without_search()
    complete = [row for row in result.trials if row.ending == "complete" and row.figures]
    assert result.best.figures is not None
    assert result.best.figures.objective == max(row.figures.objective for row in complete if row.figures)
    assert result.gain is not None
    assert result.gain >= 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 3
    assert "Too few complete trials" in page
    assert [event.fraction for event in search.events][-1] == 1.0

    client = MlflowClient(local_tracking_uri(search.work))
    experiment = client.get_experiment_by_name("synapse")
    assert experiment is not None
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    parent = runs.pop(f"search-{result.study}")
    assert set(runs) == {"trial-0", "trial-1", "trial-2"}
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {parent.info.run_id}
    assert parent.info.status == "FINISHED"
    assert parent.data.params["dropout"] == str(searching.dropout)
    assert parent.data.metrics["best_f1"] == pytest.approx(result.best.figures.f1)
    best = runs[f"trial-{result.best.number}"]
    assert best.data.params["learning_rate"] == str(result.best.settings["learning_rate"])
    assert {"loss", "accuracy", "f1", "objective"} <= set(best.data.metrics)
    looks = client.get_metric_history(best.info.run_id, "look_objective")
    assert [look.step for look in looks] == list(range(1, result.best.looks + 1))
    logged = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert {"report.html", "search.json", "recipe.json", "plots"} <= logged


def test_a_search_where_nothing_trains_says_why(
    search: Search, searching: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise TrainingError("the loss became nan at step 1")

    monkeypatch.setattr(optimise, "run_trial", failing)
    with pytest.raises(TrainingError, match=r"none of the 2 trials of study .* reached its end; .* became nan"):
        search.run(asking(searching, 2))
    client = MlflowClient(local_tracking_uri(search.work))
    experiment = client.get_experiment_by_name("synapse")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.status for run in runs) == ["FAILED", "FAILED", "FAILED"]


def test_more_trials_are_the_same_study_and_another_recipe_is_not(searching: Recipe) -> None:
    def name(recipe: Recipe, rows: str = "rows") -> str:
        return study_name(recipe, rows, "encoder")

    assert name(asking(searching, 9)) == name(searching)
    assert name(searching.model_copy(update={"epochs": 2})) != name(searching)
    fewer_looks = searching.search.model_copy(update={"looks": 1})
    assert name(searching.model_copy(update={"search": fewer_looks})) != name(searching)
    assert name(searching, rows="others") != name(searching)


def test_a_folder_without_a_result_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no result of a search"):
        load_result(tmp_path)
