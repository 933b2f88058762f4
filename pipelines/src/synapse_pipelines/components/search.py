"""Components of hyper-parameter search; see `synapse_pipelines.components.moderation` for their form."""

# mypy: disable-error-code="untyped-decorator"
# KFP ships no types.

from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Metrics, Output

from synapse_pipelines.components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def tune(
    dataset: Input[Dataset],
    recipe: str,
    base_encoder: str,
    encoder_version: str,
    search_database: str,
    tracking_uri: str,
    git_commit: str,
    search: Output[Artifact],
    report: Output[HTML],
    metrics: Output[Metrics],
) -> str:
    """Search for the settings that train best and return the recipe with them. The encoder's version keys the cache."""
    from pathlib import Path

    from synapse_pipelines.components.metrics import write_metadata
    from synapse_pipelines.progress import print_event
    from synapse_pipelines.recipe import Recipe
    from synapse_pipelines.search.tune import REPORT_FILE, tune

    out = Path(search.path)
    tuned, found = tune(
        Path(dataset.path),
        Recipe.model_validate_json(recipe),
        base_encoder,
        out,
        database=search_database,
        tracking_uri=tracking_uri,
        git_commit=git_commit,
        on_event=print_event,
    )
    search.metadata.update(study=found.study, best_trial=found.best.number, encoder_version=encoder_version)
    Path(report.path).write_bytes((out / REPORT_FILE).read_bytes())
    metrics.log_metric("trials", len(found.trials))
    for name, value in found.best.figures.model_dump().items() if found.best.figures else ():
        metrics.log_metric(f"best_{name}", value)
    write_metadata(metrics)
    return tuned.model_dump_json()


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def keep_recipe(recipe: str) -> str:
    """Return the recipe as it is: no search was asked for."""
    return recipe
