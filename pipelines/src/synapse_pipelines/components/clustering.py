"""Components of the user clustering pipeline; see `synapse_pipelines.components.moderation` for their form."""

# mypy: disable-error-code="untyped-decorator"
# KFP ships no types.

from kfp import dsl
from kfp.dsl import Artifact, Input, Markdown, Metrics, Model, Output

from synapse_pipelines.components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def cluster_users(
    data_dir: str,
    data_version: str,
    code_version: str,
    recipe: str,
    name: str,
    bundle: Output[Model],
    card: Output[Markdown],
    metrics: Output[Metrics],
) -> None:
    """Fit clusters to the users of the chat logs and write their bundle."""
    from pathlib import Path

    from synapse_pipelines.components.metrics import write_metadata
    from synapse_pipelines.training.clusters import ClusterRecipe, train_clusters

    out = Path(bundle.path)
    quarantine = out.with_name("quarantine")
    manifest = train_clusters(data_dir, ClusterRecipe.model_validate_json(recipe), name, out, quarantine)
    bundle.metadata.update(name=name, version=manifest.version, data_version=manifest.data["version"])
    bundle.metadata.update(source=data_version, code=code_version)
    Path(card.path).write_text((out / "CARD.md").read_text(encoding="utf-8"), encoding="utf-8")
    for metric, value in manifest.metrics.items():
        metrics.log_metric(metric, value)
    write_metadata(metrics)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def register_clusters(
    bundle: Input[Model],
    recipe: str,
    tracking_uri: str,
    git_commit: str,
    version_remote: str,
    registered: Output[Artifact],
) -> None:
    """Log the run in MLflow, put the bundle under version in DVC, and register it as candidate."""
    from pathlib import Path

    from synapse_pipelines.registry.register import register_clustering

    found = register_clustering(
        Path(bundle.path), recipe, tracking_uri=tracking_uri, git_commit=git_commit, version_remote=version_remote
    )
    Path(registered.path).write_text(found.model_dump_json(), encoding="utf-8")
    registered.metadata.update(name=found.name, version=found.version, run_id=found.run_id)
