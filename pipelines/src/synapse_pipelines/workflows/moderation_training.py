"""The moderation model's way from source tables to a registered candidate."""

# mypy: disable-error-code="untyped-decorator"
# KFP ships no types.

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Model

from synapse_pipelines.components.moderation import (
    augment,
    distil,
    evaluate,
    package,
    prepare_data,
    quantise,
    register,
    train,
)
from synapse_pipelines.components.search import keep_recipe, tune
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.backends.settings import BackendSettings


class ModerationOutputs(NamedTuple):
    """What a run leaves behind."""

    dataset: Dataset
    evaluation: Artifact
    bundle: Model
    registered: Artifact


@dsl.pipeline(
    name="moderation-training",
    description="Prepare, augment, tune, train, distil, evaluate, quantise, package, register",
)
def moderation_training(
    data_dir: str,
    data_version: str,
    code_version: str,
    data_recipe: str,
    recipe: str,
    base_encoder: str,
    encoder_version: str,
    tracking_uri: str,
    version_remote: str,
    trials: int = 0,
    seed: int = Recipe().seed,
    search_database: str = "",
    judge: str = "",
    judge_version: str = "",
    backend: str = BackendSettings().model_dump_json(exclude_none=True),
    checkpoints: str = "",
    champion: str = "",
    champion_version: str = "",
    model_name: str = "moderation",
    git_commit: str = "unknown",
) -> ModerationOutputs:
    """Run once a step for each set of inputs; only registration, which acts outside the run, is never cached.

    Args:
        data_dir: Folder or s3:// address of the source tables.
        data_version: Hash of the source tables. Keys the cache: other text, and the data are prepared anew.
        code_version: Hash or version of the steps' code. Keys the cache likewise.
        data_recipe: The recipe without its part `search`, so that asking for more trials prepares nothing again.
        recipe: The recipe as JSON; `synapse recipe --preset full` prints one.
        base_encoder: Folder or Hugging Face id of the encoder that training starts from.
        encoder_version: Hash of the encoder's files. Keys the cache.
        tracking_uri: Address of the MLflow server.
        version_remote: DVC remote that bundle and data are put under version in, a folder or s3:// address.
        trials: The recipe's search.trials, which a condition cannot read in it. 0: no search.
        seed: The recipe's seed, for the resampling in evaluation.
        search_database: SQLAlchemy address of the studies, without password. Needed where there are trials.
        judge: Model that judges copies of rows, named as `champion`; empty: none. For augmentation.champion_judges.
        judge_version: Version of the judge. Keys the cache.
        backend: Where training runs, as JSON of `BackendSettings`.
        checkpoints: Folder that outlives a step, so that a training that was cut off goes on; empty: none.
        champion: Model that the gate compares with, a folder or models:/NAME@champion; empty: none.
        champion_version: Version of the champion. Keys the cache.
        model_name: Name in the model registry.
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
    dataset = augmented.outputs["augmented"]

    with dsl.If(trials > 0, name="search"):
        searched = tune(
            dataset=dataset,
            recipe=recipe,
            base_encoder=base_encoder,
            encoder_version=encoder_version,
            search_database=search_database,
            tracking_uri=tracking_uri,
            git_commit=git_commit,
        )
    with dsl.Else(name="no-search"):
        kept = keep_recipe(recipe=recipe)
    tuned = dsl.OneOf(searched.outputs["Output"], kept.output)

    trained = train(
        dataset=dataset,
        recipe=tuned,
        base_encoder=base_encoder,
        encoder_version=encoder_version,
        backend=backend,
        checkpoints=checkpoints,
    )
    released = distil(trained=trained.outputs["model"], dataset=dataset, recipe=tuned, checkpoints=checkpoints)
    model = released.outputs["model"]

    evaluated = evaluate(
        model=model,
        dataset=dataset,
        data_dir=data_dir,
        seed=seed,
        champion=champion,
        champion_version=champion_version,
        tracking_uri=tracking_uri,
    )
    evaluation = evaluated.outputs["evaluation"]
    quantised = quantise(model=model, dataset=dataset, evaluation=evaluation, recipe=tuned)

    packaged = package(
        dataset=dataset,
        model=model,
        evaluation=evaluation,
        quantised=quantised.outputs["quantised"],
        recipe=tuned,
        name=model_name,
        tracking_uri=tracking_uri,
        git_commit=git_commit,
    )
    registered = register(
        dataset=dataset,
        bundle=packaged.outputs["bundle"],
        evaluation=evaluation,
        recipe=tuned,
        tracking_uri=tracking_uri,
        git_commit=git_commit,
        version_remote=version_remote,
    ).set_caching_options(enable_caching=False)

    return ModerationOutputs(
        dataset=dataset,
        evaluation=evaluation,
        bundle=packaged.outputs["bundle"],
        registered=registered.outputs["registered"],
    )
