"""The user clusters' way from chat logs to a registered candidate."""

# mypy: disable-error-code="untyped-decorator"
# KFP ships no types.

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Model

from synapse_pipelines.components.clustering import cluster_users, register_clusters


class ClusteringOutputs(NamedTuple):
    """What a run leaves behind."""

    bundle: Model
    registered: Artifact


@dsl.pipeline(name="user-clustering", description="Cluster the users of the chat logs, register the clusters")
def user_clustering(
    data_dir: str,
    data_version: str,
    code_version: str,
    recipe: str,
    tracking_uri: str,
    version_remote: str,
    model_name: str = "user-clusters",
    git_commit: str = "unknown",
) -> ClusteringOutputs:
    """Fit, then register; registration acts outside the run and is never cached.

    Args:
        data_dir: Folder or s3:// address of the source tables.
        data_version: Hash of the source tables. Keys the cache: other text, and the clusters are fitted anew.
        code_version: Hash or version of the steps' code. Keys the cache likewise.
        recipe: `ClusterRecipe` as JSON; {} for its defaults.
        tracking_uri: Address of the MLflow server.
        version_remote: DVC remote that the bundle is put under version in, a folder or s3:// address.
        model_name: Name in the model registry.
        git_commit: Commit of the code, for the record.
    """
    clustered = cluster_users(
        data_dir=data_dir, data_version=data_version, code_version=code_version, recipe=recipe, name=model_name
    )
    bundle = clustered.outputs["bundle"]
    registered = register_clusters(
        bundle=bundle,
        recipe=recipe,
        tracking_uri=tracking_uri,
        git_commit=git_commit,
        version_remote=version_remote,
    ).set_caching_options(enable_caching=False)
    return ClusteringOutputs(bundle=bundle, registered=registered.outputs["registered"])
