"""``python -m synapse_clustering``: run the service."""

from synapse_common.server import main

from synapse_clustering.app import ClusteringApp
from synapse_clustering.settings import ClusteringSettings

if __name__ == "__main__":
    raise SystemExit(main(ClusteringSettings, ClusteringApp))
