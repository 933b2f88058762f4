"""Search for better settings: data set and recipe in, the recipe with the best settings out."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Final

import optuna

from synapse_pipelines.errors import TrainingError
from synapse_pipelines.progress import Event, OnEvent
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.search.data import write_trial_data
from synapse_pipelines.search.optimise import Task, run_trials
from synapse_pipelines.search.plots import importance, plot_pngs
from synapse_pipelines.search.report import html_report
from synapse_pipelines.search.result import SearchResult, read_result
from synapse_pipelines.search.runs import SearchRuns
from synapse_pipelines.search.study import StudyAddress, best_first, is_over, opened_study
from synapse_pipelines.search.trial import tuned
from synapse_pipelines.training.encoder import encoder_version

RESULT_FILE: Final = "search.json"
RECIPE_FILE: Final = "recipe.json"
REPORT_FILE: Final = "report.html"


def tune(
    dataset: Path,
    recipe: Recipe,
    base_encoder: str,
    out: Path,
    *,
    database: str,
    tracking_uri: str,
    git_commit: str,
    on_event: OnEvent,
) -> tuple[Recipe, SearchResult]:
    """Bring the study of these rows, recipe and encoder to as many trials as the recipe asks for.

    Writes ``recipe.json``, ``search.json`` and ``report.html`` to `out`. A study that is in the database already, of a
    search that was killed or asked for fewer trials, is gone on with.

    Args:
        dataset: folder of the prepared data set; its test split is not read.
        recipe: ``recipe.search`` says how to search; trials start from the rest.
        base_encoder: folder or Hugging Face id.
        out: folder to write to.
        database: SQLAlchemy address of the studies.
        tracking_uri: MLflow server or SQLite address.
        git_commit: commit of the code, or ``unknown``.
        on_event: told after every trial.

    Returns:
        The recipe with the best trial's settings, which asks for no search, and the study as it stands.

    Raises:
        DataError: the data set cannot be used.
        StoppedError: the process was asked to end; calling again goes on from the last trial.
        TrainingError: no trial reached its end, or the database cannot be used.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="search-") as scratch:
        rows = write_trial_data(dataset, recipe.search, recipe.seed, Path(scratch))
        address = StudyAddress(database=database, name=study_name(recipe, rows, base_encoder))
        task = Task(address, Path(scratch), recipe, base_encoder)
        told = _identity(recipe) | {"rows": rows, "base_encoder": Path(base_encoder).name}
        runs = SearchRuns(tracking_uri, address.name, told, Environment.here(git_commit))
        try:
            with opened_study(address) as study:
                runs.log(study)  # of a search that was killed before it could
                _tell(study, recipe, on_event)

            def on_trial(study: optuna.Study) -> None:
                runs.log(study)
                _tell(study, recipe, on_event)

            run_trials(task, on_trial)
            with opened_study(address) as study:
                result = read_result(study, importance(study, recipe.seed))
                plots = plot_pngs(study, recipe.seed)
        except BaseException:
            runs.fail()
            raise
    found = tuned(recipe, result.best.settings).without_search()
    (out / RECIPE_FILE).write_text(found.model_dump_json(indent=2), encoding="utf-8")
    (out / RESULT_FILE).write_text(result.model_dump_json(indent=2), encoding="utf-8")
    (out / REPORT_FILE).write_text(html_report(result, plots), encoding="utf-8")
    artifacts = {f"plots/{name}.png": png for name, png in plots.items()}
    artifacts |= {name: (out / name).read_bytes() for name in (RECIPE_FILE, RESULT_FILE, REPORT_FILE)}
    runs.end(result, artifacts)
    return found, result


def study_name(recipe: Recipe, rows: str, base_encoder: str) -> str:
    """Return the name of the study of this recipe, these rows (their hash) and this encoder.

    It does not depend on how many trials are asked for, in which time and how many at once: more of them go on with the
    same study. Trials of another recipe, of other rows or of another encoder are not comparable and are a study of
    their own.
    """
    kept = recipe.model_dump_json(exclude_defaults=True, exclude={"search": {"trials", "timeout_minutes", "workers"}})
    digest = hashlib.sha256()
    for part in (kept, rows, encoder_version(base_encoder)):
        digest.update(part.encode() + b"\0")
    return f"moderation-{digest.hexdigest()[:12]}"


def load_result(folder: Path) -> SearchResult:
    """Return what `tune` wrote into `folder`.

    Raises:
        TrainingError: there is no result.
    """
    try:
        return SearchResult.model_validate_json((folder / RESULT_FILE).read_bytes())
    except OSError as error:
        raise TrainingError(f"{folder} holds no result of a search: {error}") from error


def _identity(recipe: Recipe) -> dict[str, object]:
    return recipe.model_dump(exclude={"search": {"trials", "timeout_minutes", "workers"}})


def _tell(study: optuna.Study, recipe: Recipe, on_event: OnEvent) -> None:
    over = [trial for trial in study.get_trials(deepcopy=False) if is_over(trial)]
    best = best_first(study)
    message = f"{len(over)} of {recipe.search.trials} trials"
    if best:
        message += f", best objective {best[0].value:.4f} (trial {best[0].number})"
    on_event(Event("tune", "running", message, min(1.0, len(over) / max(1, recipe.search.trials))))
