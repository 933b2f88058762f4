"""What a search found, as plain data: content of ``search.json``, rows of the tables that people see."""

from __future__ import annotations

from typing import Literal

import optuna
from optuna.trial import FrozenTrial, TrialState
from pydantic import BaseModel, ConfigDict

from synapse_pipelines.errors import TrainingError
from synapse_pipelines.search.figures import Figures
from synapse_pipelines.search.space import Value
from synapse_pipelines.search.study import best_first, error_of, figures_of, looks_of, pareto_front

Ending = Literal["complete", "pruned", "failed", "lost"]
"""``lost``: the process died under it; it does not count."""


class TrialRow(BaseModel):
    """One trial."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    ending: Ending
    settings: dict[str, Value]
    figures: Figures | None
    """Of the weights that training kept; of a pruned trial, at its last look."""
    looks: int
    seconds: float
    on_front: bool
    """No other complete trial equals or beats it in loss, accuracy and F1, better in one."""
    error: str | None


class SearchResult(BaseModel):
    """A study as it stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    study: str
    trials: list[TrialRow]
    """Complete ones first, the best on top; the others in their order."""
    importance: dict[str, float]
    """Share of the objective's variance over the space that each setting explains; empty with too few trials."""

    @property
    def best(self) -> TrialRow:
        """The trial whose settings are taken."""
        return self.trials[0]

    @property
    def gain(self) -> float | None:
        """Objective of the best trial less that of the recipe's own settings; None where these were not tried."""
        own = next((row for row in self.trials if row.number == 0 and row.ending == "complete"), None)
        if own is None or own.figures is None or self.best.figures is None:
            return None
        return self.best.figures.objective - own.figures.objective


def ending_of(trial: FrozenTrial) -> Ending | None:
    """Return how the trial ended, or None where it runs or waits."""
    if trial.state is TrialState.COMPLETE:
        return "complete"
    if trial.state is TrialState.PRUNED:
        return "pruned"
    if trial.state is TrialState.FAIL:
        return "lost" if error_of(trial) is None else "failed"
    return None


def trial_row(trial: FrozenTrial, ending: Ending, front: set[int]) -> TrialRow:
    """Return the trial as plain data."""
    return TrialRow(
        number=trial.number,
        ending=ending,
        settings=trial.params,
        figures=figures_of(trial),
        looks=len(looks_of(trial)),
        seconds=round(trial.duration.total_seconds(), 1) if trial.duration else 0.0,
        on_front=trial.number in front,
        error=error_of(trial),
    )


def read_result(study: optuna.Study, importance: dict[str, float]) -> SearchResult:
    """Return the study as plain data.

    Raises:
        TrainingError: no trial reached its end.
    """
    complete = best_first(study)
    everything = study.get_trials(deepcopy=False)
    if not complete:
        reasons = [reason for trial in everything if (reason := error_of(trial)) is not None]
        why = f"; the last one failed: {reasons[-1]}" if reasons else ""
        raise TrainingError(f"none of the {len(everything)} trials of study {study.study_name} reached its end{why}")
    front = pareto_front(complete)
    others = [trial for trial in everything if trial.state is not TrialState.COMPLETE]
    rows = [trial_row(trial, ending, front) for trial in (*complete, *others) if (ending := ending_of(trial))]
    return SearchResult(study=study.study_name, trials=rows, importance=importance)
