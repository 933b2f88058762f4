"""The component of the PII pipeline; see `synapse_pipelines.components.moderation` for its form."""

# mypy: disable-error-code="untyped-decorator"
# KFP ships no types.

from kfp import dsl
from kfp.dsl import Markdown, Metrics, Model, Output

from synapse_pipelines.components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def train_pii_tagger(
    data_dir: str,
    data_version: str,
    code_version: str,
    recipe: str,
    base_encoder: str,
    encoder_version: str,
    tagger: Output[Model],
    report: Output[Markdown],
    metrics: Output[Metrics],
) -> None:
    """Train the tagger of names and measure the full profile with it. The three versions are there to key the cache."""
    import tempfile
    from pathlib import Path

    from synapse_pipelines.components.metrics import write_metadata
    from synapse_pipelines.data.storage import files_at_hand
    from synapse_pipelines.pii.sentences import SOURCE_FILES
    from synapse_pipelines.pii.train import TaggerRecipe, train_tagger
    from synapse_pipelines.progress import print_event

    out = Path(tagger.path)
    settings = TaggerRecipe.model_validate_json(recipe)
    with tempfile.TemporaryDirectory() as scratch:
        texts = files_at_hand(data_dir, SOURCE_FILES, Path(scratch))
        measured = train_tagger(texts, settings, base_encoder, out, print_event)
    tagger.metadata.update(source=data_version, code=code_version, encoder_version=encoder_version, framework="onnx")
    Path(report.path).write_text((out / "report.md").read_text(encoding="utf-8"), encoding="utf-8")
    for name, found in measured.sets.items():
        metrics.log_metric(f"{name} precision", found.overall.precision or 0.0)
        metrics.log_metric(f"{name} recall", found.overall.recall or 0.0)
    write_metadata(metrics)
