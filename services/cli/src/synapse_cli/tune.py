"""The command that searches for better training settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from synapse_pipelines.search.result import SearchResult

_SHOWN = 5
_TRIALS = 20
_DATA_HELP = "Folder with the source tables; found beside the checkout or generated when not given."


def tune(
    preset: Annotated[
        Literal["tiny", "demo", "full"] | None,
        typer.Option(
            help="Recipe to start from; tiny is for trying the command. Without, SYNAPSE_TRAINING_PRESET says."
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(min=1, help=f"Trials that the study shall have in the end; else the recipe's, else {_TRIALS}."),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="No trial starts later than this; else as the recipe says.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Trials at the same time; else the recipe's.")] = None,
    data: Annotated[Path | None, typer.Option(help=_DATA_HELP, exists=True, file_okay=False)] = None,
) -> None:
    """Search for the training settings with the best loss, accuracy and F1 on validation.

    The study is kept in a database: a search that was stopped goes on when the command is run again, and a larger
    number of trials adds to it. The recipe that comes out is what SYNAPSE_TRAINING_RECIPE takes.
    """
    from synapse_pipelines.run import run_search
    from synapse_pipelines.settings import load_training_settings

    from synapse_cli.training_progress import training_progress

    console = Console(file=sys.stdout)
    options = {"trials": trials, "timeout_minutes": minutes, "workers": workers}
    asked = {name: value for name, value in options.items() if value is not None}
    settings = load_training_settings(preset=preset, data_dir=data, recipe={"search": asked})
    if not settings.effective_recipe.search.trials:
        asked["trials"] = _TRIALS
        settings = load_training_settings(preset=preset, data_dir=data, recipe={"search": asked})
    with training_progress(console) as on_event:
        found = run_search(settings, on_event)
    console.print(_table(found.result))
    if found.result.gain is not None:
        console.print(f"against the recipe's own settings (trial 0): objective {found.result.gain:+.4f}")
    console.print(f"report with plots: {found.report}", soft_wrap=True)
    console.print(f"recipe with the best settings: {found.recipe_file}", soft_wrap=True)
    console.print(f"trials: mlflow ui --backend-store-uri {found.tracking_uri}", soft_wrap=True)


def _table(result: SearchResult) -> Table:
    table = Table("trial", "objective", "loss", "accuracy", "F1", "settings", title=f"Best trials of {result.study}")
    for row in [row for row in result.trials if row.ending == "complete"][:_SHOWN]:
        figures = row.figures
        shown = () if figures is None else (figures.objective, figures.loss, figures.accuracy, figures.f1)
        settings = "\n".join(
            f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in sorted(row.settings.items())
        )
        table.add_row(str(row.number), *(f"{value:.4f}" for value in shown), settings, end_section=True)
    return table
