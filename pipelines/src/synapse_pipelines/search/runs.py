"""A search in the tracker: one run for the study, one nested run for each of its trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import optuna
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from optuna.trial import FrozenTrial

from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.registry.tracking import Run, Tracker
from synapse_pipelines.search.result import Ending, SearchResult, ending_of
from synapse_pipelines.search.study import error_of, figures_of, looks_of

STUDY_TAG: Final = "search.study"
TRIAL_TAG: Final = "search.trial"
_MOST_TRIALS: Final = 10_000
STATE_TAG: Final = "search.state"
_STATUS: Final[Mapping[Ending, str]] = {
    "complete": "FINISHED",
    "pruned": "KILLED",
    "failed": "FAILED",
    "lost": "KILLED",
}


class SearchRuns:
    """The runs of one study. A search that is resumed goes on in the run it began."""

    def __init__(self, tracking_uri: str, study: str, told: Mapping[str, Any], environment: Environment) -> None:
        self._tracker = Tracker(tracking_uri)
        client, experiment = self._tracker.client, self._tracker.experiment()
        found = client.search_runs([experiment], f"tags.`{STUDY_TAG}` = '{study}'", max_results=1)
        if found:
            self.run = Run(client, found[0].info.run_id)
            client.update_run(self.run.id, status="RUNNING")
        else:
            self.run = self._tracker.start(f"search-{study}", environment)
            self.run.tags({STUDY_TAG: study})
            self.run.params(told)
        trials = client.search_runs(
            [experiment], f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{self.run.id}'", max_results=_MOST_TRIALS
        )
        self._logged = {int(one.data.tags[TRIAL_TAG]) for one in trials}

    def log(self, study: optuna.Study) -> None:
        """Log the trials that ended since the last call, of this search or of one that was killed before."""
        for trial in study.get_trials(deepcopy=False):
            ending = ending_of(trial)
            if ending is not None and trial.number not in self._logged:
                self._log_trial(trial, ending)
                self._logged.add(trial.number)

    def end(self, result: SearchResult, files: Mapping[str, bytes]) -> None:
        """Log what was found, with its plots, and end the study's run."""
        if result.best.figures is not None:
            self.run.metrics({f"best_{name}": value for name, value in result.best.figures.model_dump().items()})
        self.run.metrics({f"importance_{name}": share for name, share in result.importance.items()})
        counts = {f"{ending}_trials": sum(row.ending == ending for row in result.trials) for ending in _STATUS}
        self.run.metrics(counts)
        self.run.tags({"search.best_trial": str(result.best.number)})
        self.run.files(files)
        self.run.end()

    def fail(self) -> None:
        """End the study's run as failed."""
        self.run.end("FAILED")

    def _log_trial(self, trial: FrozenTrial, ending: Ending) -> None:
        client = self._tracker.client
        tags = {MLFLOW_PARENT_RUN_ID: self.run.id, TRIAL_TAG: str(trial.number), STATE_TAG: ending}
        if (error := error_of(trial)) is not None:
            tags["search.error"] = error
        started, ended = trial.datetime_start, trial.datetime_complete
        created = client.create_run(
            self._tracker.experiment(),
            start_time=int(started.timestamp() * 1000) if started else None,
            tags=tags,
            run_name=f"trial-{trial.number}",
        )
        run = Run(client, created.info.run_id)
        run.params(trial.params)
        looks = looks_of(trial)
        for name in ("objective", "loss", "accuracy", "f1", "macro_auprc"):
            run.curve(f"look_{name}", {step: getattr(look, name) for step, look in enumerate(looks, start=1)})
        if (figures := figures_of(trial)) is not None:
            run.metrics(figures.model_dump())
        client.set_terminated(run.id, _STATUS[ending], end_time=int(ended.timestamp() * 1000) if ended else None)
