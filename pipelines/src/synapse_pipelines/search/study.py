"""The study: trials in a database, so that a search that was killed goes on from what it had found."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import FrozenTrial, TrialState
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError

from synapse_pipelines.errors import TrainingError
from synapse_pipelines.search.figures import Figures

_LOOKS: Final = "looks"
_FIGURES: Final = "figures"
_ERROR: Final = "error"


class StudyAddress(BaseModel):
    """Which study, and where it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str
    """SQLAlchemy address."""
    name: str
    heartbeat_s: int = Field(default=20, ge=1)
    silence_s: int = Field(default=60, ge=1)
    """A running trial without a heartbeat for so long has lost its process."""


def local_database(build_dir: Path) -> str:
    """Return the address of the embedded database of studies: SQLite under `build_dir`."""
    folder = build_dir.resolve() / "search"
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'studies.db'}"


@contextmanager
def opened_study(address: StudyAddress) -> Iterator[optuna.Study]:
    """Open the study, a new one where there is none of that name; higher values are better.

    A trial whose process died is marked failed here, and its settings wait to be tried again, at most twice.

    Raises:
        TrainingError: the database cannot be used.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with accepting_experimental():
        try:
            storage = RDBStorage(
                address.database,
                heartbeat_interval=address.heartbeat_s,
                grace_period=address.silence_s,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=2),
            )
        except (SQLAlchemyError, ImportError, RuntimeError) as error:
            raise TrainingError(f"cannot open the database of studies {address.database}: {error}") from error
        try:
            study = optuna.create_study(
                storage=storage, study_name=address.name, direction="maximize", load_if_exists=True
            )
            fail_stale_trials(study)
            yield study
        finally:
            storage.remove_session()
            storage.engine.dispose()


@contextmanager
def accepting_experimental() -> Iterator[None]:
    """Run code on interfaces that Optuna may still change: heartbeats (since 2.9), multivariate TPE (2.2), plots."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def is_over(trial: FrozenTrial) -> bool:
    """Whether the trial counts: it reached its end, was pruned, or failed because of its settings.

    One that failed because its process died does not.
    """
    return trial.state in {TrialState.COMPLETE, TrialState.PRUNED} or error_of(trial) is not None


def looks_of(trial: FrozenTrial) -> list[Figures]:
    """Return the figures at each look at validation."""
    return [Figures.model_validate(one) for one in trial.user_attrs.get(_LOOKS, [])]


def figures_of(trial: FrozenTrial) -> Figures | None:
    """Return the figures of the weights that training kept; for a pruned trial those of its last look, or None."""
    kept = trial.user_attrs.get(_FIGURES)
    if kept is not None:
        return Figures.model_validate(kept)
    looks = looks_of(trial)
    return looks[-1] if looks else None


def error_of(trial: FrozenTrial) -> str | None:
    """Return why the trial failed, or None where it did not, or not by its settings."""
    error: str | None = trial.user_attrs.get(_ERROR)
    return error


def keep_looks(trial: optuna.Trial, looks: list[Figures]) -> None:
    """Write the figures of all looks so far to the database."""
    trial.set_user_attr(_LOOKS, [one.model_dump() for one in looks])


def keep_figures(trial: optuna.Trial, figures: Figures) -> None:
    """Write the figures of the finished trial to the database."""
    trial.set_user_attr(_FIGURES, figures.model_dump())


def keep_error(trial: optuna.Trial, error: str) -> None:
    """Write why the trial failed to the database."""
    trial.set_user_attr(_ERROR, error)


def best_first(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that reached their end, the best first; of equals the earlier."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(complete, key=lambda trial: (-float(trial.value or 0.0), trial.number))


def pareto_front(trials: list[FrozenTrial]) -> set[int]:
    """Return the numbers of the trials that no other one equals or beats in loss, accuracy and F1, better in one."""
    points = {trial.number: figures for trial in trials if (figures := figures_of(trial)) is not None}
    merits = {number: (-one.loss, one.accuracy, one.f1) for number, one in points.items()}
    return {
        number
        for number, own in merits.items()
        if not any(other != own and all(a >= b for a, b in zip(other, own, strict=True)) for other in merits.values())
    }
