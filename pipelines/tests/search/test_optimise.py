"""How a study goes on, with trials that take no time: their figures follow from their settings."""

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import FrozenTrial
from synapse_pipelines.errors import StoppedError, TrainingError
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.search import optimise
from synapse_pipelines.search.figures import Figures
from synapse_pipelines.search.optimise import Task, run_trials
from synapse_pipelines.search.study import StudyAddress, error_of, figures_of, is_over, local_database, opened_study

Trials = list[FrozenTrial]


def figures_at(objective: float) -> Figures:
    return Figures(loss=1 - objective, explained=objective, accuracy=0.5, f1=0.5, macro_auprc=0.5, objective=objective)


def quick_trial(_data: Path, recipe: Recipe, _encoder: str, on_look: Callable[[Figures], None]) -> Figures:
    """Better with less dropout; three looks, of which the last is the best."""
    for look in (0.1, 0.2, 0.3):
        on_look(figures_at(look * (1 - recipe.dropout)))
    return figures_at(1 - recipe.dropout)


@pytest.fixture
def task(searching: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    monkeypatch.setattr(optimise, "run_trial", quick_trial)
    return Task(StudyAddress(database=local_database(tmp_path), name="study"), tmp_path, searching, "encoder")


def asking(task: Task, trials: int, **changes: object) -> Task:
    search = task.recipe.search.model_copy(update={"trials": trials, **changes})
    return Task(task.address, task.data, task.recipe.model_copy(update={"search": search}), task.base_encoder)


def run(task: Task) -> Trials:
    run_trials(task, lambda _: None)
    with opened_study(task.address) as study:
        return study.get_trials()


def test_the_first_trial_has_the_recipes_own_settings_and_the_space_holds_the_others(task: Task) -> None:
    trials = run(asking(task, 4))
    assert len(trials) == 4
    space = task.recipe.search.space
    assert trials[0].params == {name: getattr(task.recipe, name) for name in space}
    assert all(space[name].holds(value) for trial in trials for name, value in trial.params.items())
    assert len({trial.params["dropout"] for trial in trials}) == 4


def test_a_study_goes_on_to_the_number_asked_for_as_if_it_had_not_been_left(task: Task) -> None:
    parts = [run(asking(task, count)) for count in (3, 3, 6)]
    assert [len(trials) for trials in parts] == [3, 3, 6]
    other = Task(task.address.model_copy(update={"name": "whole"}), task.data, task.recipe, task.base_encoder)
    assert [trial.params for trial in run(asking(other, 6))] == [trial.params for trial in parts[-1]]


def test_trials_below_the_median_are_stopped_and_only_where_asked_for(task: Task) -> None:
    trials = run(asking(task, 14))
    pruned = [trial for trial in trials if trial.state is optuna.trial.TrialState.PRUNED]
    assert pruned
    assert min(trial.number for trial in pruned) >= optimise.UNPRUNED_TRIALS
    assert all(trial.last_step is not None and trial.last_step > optimise.UNPRUNED_LOOKS for trial in pruned)
    other = Task(task.address.model_copy(update={"name": "whole"}), task.data, task.recipe, task.base_encoder)
    assert {trial.state for trial in run(asking(other, 14, prune=False))} == {optuna.trial.TrialState.COMPLETE}


def test_settings_that_do_not_train_cost_one_trial(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(data: Path, recipe: Recipe, encoder: str, on_look: Callable[[Figures], None]) -> Figures:
        if recipe.dropout != task.recipe.dropout:
            raise TrainingError("the loss became nan")
        return quick_trial(data, recipe, encoder, on_look)

    monkeypatch.setattr(optimise, "run_trial", failing)
    trials = run(asking(task, 3))
    assert [error_of(trial) for trial in trials] == [None, "the loss became nan", "the loss became nan"]
    assert all(is_over(trial) for trial in trials)


def test_a_search_that_is_asked_to_end_ends_and_the_trial_does_not_count(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> Figures:
        raise StoppedError("stopped by SIGTERM")

    run(asking(task, 1))
    monkeypatch.setattr(optimise, "run_trial", stopped)
    with pytest.raises(StoppedError):
        run(asking(task, 3))
    monkeypatch.setattr(optimise, "run_trial", quick_trial)
    trials = run(asking(task, 3))
    assert [is_over(trial) for trial in trials] == [True, False, True, True]


def test_when_its_time_is_up_no_trial_starts(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(optimise, "monotonic", lambda: 60.0 * next(clock))
    assert len(run(asking(task, 50, timeout_minutes=3.5))) == 3


def test_figures_are_kept_with_the_trial(task: Task) -> None:
    (trial,) = run(asking(task, 1))
    assert figures_of(trial) == figures_at(1 - task.recipe.dropout)
    assert list(trial.intermediate_values) == [1, 2, 3]


def test_a_recipe_outside_of_the_space_is_not_tried(task: Task) -> None:
    outside = Task(
        task.address,
        task.data,
        task.recipe.model_copy(update={"dropout": 0.9, "learning_rate": 0.5}),
        task.base_encoder,
    )
    (trial,) = run(asking(outside, 1))
    assert trial.params["dropout"] <= 0.4


def test_a_database_that_is_not_there_is_named(task: Task) -> None:
    nowhere = task.address.model_copy(update={"database": "sqlite:////nowhere/at/all.db"})
    with pytest.raises(TrainingError, match=r"database of studies sqlite:////nowhere/at/all\.db"):
        run(Task(nowhere, task.data, task.recipe, task.base_encoder))
