"""The tagger of names, from sentences to a measured model."""

# mypy: disable-error-code="untyped-decorator"
# KFP ships no types.

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Markdown, Model

from synapse_pipelines.components.pii import train_pii_tagger


class PiiOutputs(NamedTuple):
    """What a run leaves behind."""

    tagger: Model
    report: Markdown


@dsl.pipeline(name="pii-training", description="Train the tagger that masks names in training data, measure it")
def pii_training(
    data_dir: str, data_version: str, code_version: str, recipe: str, base_encoder: str, encoder_version: str
) -> PiiOutputs:
    """Train and measure in one step.

    Args:
        data_dir: Folder or s3:// address of the source tables and the labelled sentences.
        data_version: Hash of both. Keys the cache: other text, and the tagger is trained anew.
        code_version: Hash or version of the steps' code. Keys the cache likewise.
        recipe: `TaggerRecipe` as JSON; {} for its defaults.
        base_encoder: Folder or Hugging Face id of the encoder that training starts from.
        encoder_version: Hash of the encoder's files. Keys the cache.
    """
    trained = train_pii_tagger(
        data_dir=data_dir,
        data_version=data_version,
        code_version=code_version,
        recipe=recipe,
        base_encoder=base_encoder,
        encoder_version=encoder_version,
    )
    return PiiOutputs(tagger=trained.outputs["tagger"], report=trained.outputs["report"])
