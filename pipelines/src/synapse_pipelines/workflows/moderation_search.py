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
    search_database: str,
    tracking_uri: str,
    judge: str = "",
    judge_version: str = "",
    git_commit: str = "unknown",
) -> SearchOutputs:
    """The first steps get the recipe without its search, so that asking for more trials prepares nothing again.

    Args:
        data_dir: Folder or s3:// address of the source tables.
        data_version: Hash of the source tables. Keys the cache: other text, and the data are prepared anew.
        code_version: Hash or version of the steps' code. Keys the cache likewise.
        data_recipe: The recipe without its part `search`.
        recipe: The recipe as JSON; its search.trials says how many trials the study shall have in the end.
        base_encoder: Folder or Hugging Face id of the encoder that training starts from.
        encoder_version: Hash of the encoder's files. Keys the cache.
        search_database: SQLAlchemy address of the studies, without password.
        tracking_uri: Address of the MLflow server.
        judge: Model that judges copies of rows, a folder or models:/NAME@champion; empty: none. For recipes with
            augmentation.champion_judges.
        judge_version: Version of the judge. Keys the cache.
        git_commit: Commit of the code, for the record.
    """
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
