"""Run trials until the study has as many as asked for, here or in several processes.

Method: tree-structured Parzen estimator over all settings at once (Bergstra et al., 2011; multivariate as in Falkner et
al., 2018), with the median rule (Golovin et al., 2017) to stop what does not promise much.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import Final

import optuna
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from synapse_pipelines.errors import StoppedError, TrainingError
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.search.figures import Figures
from synapse_pipelines.search.space import FloatRange, IntRange, Parameter, Value
from synapse_pipelines.search.study import StudyAddress, is_over, keep_error, keep_figures, keep_looks, opened_study
from synapse_pipelines.search.trial import run_trial, tuned

RANDOM_TRIALS: Final = 8
"""Trials before the estimator has something to go by."""
UNPRUNED_TRIALS: Final = 4
"""Trials that reach their end whatever they look like, for a median to compare with."""
UNPRUNED_LOOKS: Final = 1
"""First looks of a trial at which it is left alone."""


class TrialError(Exception):
    """A trial failed because of its settings; the search goes on."""


@dataclass(frozen=True)
class Task:
    """What every trial of a study needs to run, in whichever process."""

    address: StudyAddress
    data: Path
    """Rows as of `write_trial_data`."""
    recipe: Recipe
    base_encoder: str


def run_trials(task: Task, on_trial: Callable[[optuna.Study], None]) -> None:
    """Run trials until the study has as many as the recipe asks for, or its time is up; `on_trial` follows each.

    The first trial of a new study has the settings of the recipe itself where they lie in the space, so that what is
    found is held against them.

    Raises:
        DataError: the rows cannot be used.
        StoppedError: the process was asked to end; running again goes on from here.
        TrainingError: the database cannot be used.
    """
    search = task.recipe.search
    deadline = monotonic() + 60 * (search.timeout_minutes or float("inf"))
    with opened_study(task.address) as study:
        if not study.get_trials(deepcopy=False):
            own = {name: getattr(task.recipe, name) for name in search.space}
            if all(parameter.holds(own[name]) for name, parameter in search.space.items()):
                study.enqueue_trial(own)
        trials = study.get_trials(deepcopy=False)
        before = sum(trial.state is not TrialState.WAITING for trial in trials)
        missing = search.trials - sum(is_over(trial) for trial in trials)
        numbers = list(range(before, before + missing))
        if search.workers == 1:
            for number in numbers:
                if monotonic() < deadline:
                    run_one(task, number)
                    on_trial(study)
        else:
            _run_parallel(task, numbers, deadline, lambda: on_trial(study))


def run_one(task: Task, number: int) -> None:
    """Run the study's next trial in this process.

    Args:
        task: what to run.
        number: makes the proposal repeatable, and other than that of trials that run at the same time. A sampler's
            own random state would start from its seed again each time that a search is resumed.
    """
    search = task.recipe.search
    with opened_study(task.address) as study:
        study.sampler = TPESampler(
            multivariate=True,
            n_startup_trials=RANDOM_TRIALS,
            constant_liar=search.workers > 1,
            seed=task.recipe.seed + number,
        )
        study.pruner = _pruner(task.recipe)
        study.optimize(lambda trial: _objective(task, trial), n_trials=1, catch=(TrialError,))


def _run_parallel(task: Task, numbers: list[int], deadline: float, on_trial: Callable[[], None]) -> None:
    running: set[Future[None]] = set()
    # Not forked: threads of torch and of the database do not survive that.
    with ProcessPoolExecutor(task.recipe.search.workers, mp_context=get_context("spawn")) as pool:
        while (numbers and monotonic() < deadline) or running:
            while numbers and len(running) < task.recipe.search.workers and monotonic() < deadline:
                running.add(pool.submit(run_one, task, numbers.pop(0)))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
                on_trial()


def _objective(task: Task, trial: optuna.Trial) -> float:
    search = task.recipe.search
    values = {name: suggest(trial, name, parameter) for name, parameter in search.space.items()}
    recipe = tuned(task.recipe, values)
    if recipe.threads is None and search.workers > 1:
        recipe = recipe.model_copy(update={"threads": max(1, (os.cpu_count() or 1) // search.workers)})
    looks: list[Figures] = []

    def on_look(found: Figures) -> None:
        looks.append(found)
        keep_looks(trial, looks)
        trial.report(found.objective, step=len(looks))
        if trial.should_prune():
            raise optuna.TrialPruned

    try:
        found = run_trial(task.data, recipe, task.base_encoder, on_look)
    except StoppedError:
        raise
    except TrainingError as error:
        keep_error(trial, str(error))
        raise TrialError(str(error)) from error
    keep_figures(trial, found)
    return found.objective


def suggest(trial: optuna.Trial, name: str, parameter: Parameter) -> Value:
    """Return the sampler's value for the setting `name`."""
    if isinstance(parameter, FloatRange):
        return trial.suggest_float(name, parameter.low, parameter.high, log=parameter.log)
    if isinstance(parameter, IntRange):
        return trial.suggest_int(name, parameter.low, parameter.high, log=parameter.log)
    chosen = trial.suggest_categorical(name, parameter.values)
    assert chosen is not None  # noqa: S101  # a choice has no null
    return chosen


def _pruner(recipe: Recipe) -> BasePruner:
    if not recipe.search.prune:
        return NopPruner()
    return MedianPruner(n_startup_trials=UNPRUNED_TRIALS, n_warmup_steps=UNPRUNED_LOOKS + 1)
