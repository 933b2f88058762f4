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


class ModerationOutputs(NamedTuple):
    """What a run leaves behind."""

    dataset: Dataset
    evaluation: Artifact
    bundle: Model
    registered: Artifact


@dsl.pipeline(
    name="moderation-training", description="Prepare, augment, tune, train, evaluate, quantise, package, register"
)
def moderation_training(
    data_dir: str,
    data_version: str,
    code_version: str,
    recipe: str,
    trials: int,
    search_database: str,
    seed: int,
    base_encoder: str,
    encoder_version: str,
    judge: str,
    judge_version: str,
    backend: str,
    checkpoints: str,
    champion: str,
    champion_version: str,
    model_name: str,
    tracking_uri: str,
    git_commit: str,
    version_remote: str,
) -> ModerationOutputs:
    """Run once a step for each set of inputs; only registration, which acts outside the run, is never cached."""
    prepared = prepare_data(data_dir=data_dir, data_version=data_version, code_version=code_version, recipe=recipe)
    augmented = augment(
        dataset=prepared.outputs["dataset"],
        recipe=recipe,
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
