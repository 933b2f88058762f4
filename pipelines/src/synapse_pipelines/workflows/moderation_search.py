"""The search alone: source tables in, the recipe that trains best out."""

# mypy: disable-error-code="untyped-decorator"
# KFP ships no types.

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact

from synapse_pipelines.components.moderation import augment, prepare_data
from synapse_pipelines.components.search import tune


class SearchOutputs(NamedTuple):
    """What a run leaves behind."""

    search: Artifact


@dsl.pipeline(name="moderation-search", description="Prepare, augment, tune")
def moderation_search(
    data_dir: str,
    data_version: str,
    code_version: str,
    data_recipe: str,
    recipe: str,
    base_encoder: str,
    encoder_version: str,
    judge: str,
    judge_version: str,
    search_database: str,
    tracking_uri: str,
    git_commit: str,
) -> SearchOutputs:
    """The first steps get the recipe without its search, so that asking for more trials prepares nothing again."""
    prepared = prepare_data(data_dir=data_dir, data_version=data_version, code_version=code_version, recipe=data_recipe)
    augmented = augment(
        dataset=prepared.outputs["dataset"],
        recipe=data_recipe,
        base_encoder=base_encoder,
        encoder_version=encoder_version,
        judge=judge,
        judge_version=judge_version,
        tracking_uri=tracking_uri,
    )
    tuned = tune(
        dataset=augmented.outputs["augmented"],
        recipe=recipe,
        base_encoder=base_encoder,
        encoder_version=encoder_version,
        search_database=search_database,
        tracking_uri=tracking_uri,
        git_commit=git_commit,
    )
    return SearchOutputs(search=tuned.outputs["search"])
