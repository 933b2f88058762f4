"""Commands about models: train, recipe, compile."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

_DATA_HELP = "Folder with the source tables; found beside the checkout or generated when not given."


def train(
    preset: Annotated[
        Literal["demo", "full"] | None,
        typer.Option(
            help="demo: a sample of the data, minutes on two cores; full: all sources, an hour or two, or a GPU. "
            "Without, SYNAPSE_TRAINING_PRESET says, else demo."
        ),
    ] = None,
    data: Annotated[Path | None, typer.Option(help=_DATA_HELP, exists=True, file_okay=False)] = None,
    release: Annotated[
        Path | None,
        typer.Option(help="Also write the bundle here without its torch weights, as models/moderation has it."),
    ] = None,
) -> None:
    """Train the moderation model and the user clusters, and register both as candidates.

    Runs the Kubeflow pipelines on this machine, step by step; a step whose inputs are known is taken from its cache.
    More settings: SYNAPSE_TRAINING_* (for example SYNAPSE_TRAINING_BASE_ENCODER, a folder or a Hugging Face id, or
    SYNAPSE_TRAINING_RECIPE, what of the preset is to be otherwise; `synapse recipe` shows the whole).
    """
    # Training's libraries take seconds to import; the other commands should not wait for them.
    from synapse_pipelines.run import run_clustering, run_training, write_reports
    from synapse_pipelines.settings import load_training_settings

    from synapse_cli.training_progress import training_progress

    # The runner captures standard output; the console keeps writing to the real one.
    console = Console(file=sys.stdout)
    settings = load_training_settings(preset=preset, data_dir=data)
    with training_progress(console) as on_event:
        trained = run_training(settings, on_event)
        clustered = run_clustering(settings, on_event)
    table = Table("model", "bundle version", "registered as", "figures on the test split")
    figures = trained.evaluation.flagged["all"]
    table.add_row(
        "moderation",
        trained.bundle.manifest.version,
        f"version {trained.registered.version}, candidate",
        f"macro AUPRC {trained.evaluation.macro_auprc:.3f} (baseline {trained.evaluation.baseline_macro_auprc:.3f}), "
        f"flagged or not: accuracy {figures.accuracy or 0:.3f}",
    )
    table.add_row(
        "clustering",
        clustered.bundle.manifest.version,
        f"version {clustered.registered.version}, candidate",
        f"{clustered.metrics['k']:.0f} clusters, silhouette {clustered.metrics['silhouette']:.2f}",
    )
    console.print(table)
    data_report, evaluation_report = write_reports(trained, settings.build_dir / "reports")
    console.print(f"data: {trained.dataset.name}, version {trained.dataset.version}")
    for what, file in (
        ("what came in and what went out", data_report),
        ("how good the model is", evaluation_report),
        ("model card", trained.bundle.path / "CARD.md"),
    ):
        console.print(f"{what}: {file}", soft_wrap=True)
    if release is not None:
        from synapse_pipelines.registry.release import release_bundle

        released = release_bundle(trained.bundle, release)
        console.print(f"released: {release}, version {released.version}")
    console.print(f"runs: mlflow ui --backend-store-uri {trained.registered.tracking_uri}", soft_wrap=True)


def recipe(
    preset: Annotated[
        Literal["tiny", "demo", "full"] | None,
        typer.Option(help="Recipe to start from; without, SYNAPSE_TRAINING_PRESET says, else demo."),
    ] = None,
) -> None:
    """Print the recipe that training would take, as JSON: the preset's, with SYNAPSE_TRAINING_RECIPE in its place."""
    from synapse_pipelines.settings import load_training_settings

    print(load_training_settings(preset=preset).effective_recipe.model_dump_json(indent=2))


def compile_pipelines(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("build/pipelines"),
) -> None:
    """Compile the pipelines to IR YAML, ready to upload to Kubeflow Pipelines."""
    from synapse_pipelines.workflows.compile import compile_pipelines as write

    for file in write(out):
        print(file)
