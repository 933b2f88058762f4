"""``python -m synapse_embeddings``: run the service."""

from synapse_common.server import main

from synapse_embeddings.app import EmbeddingsApp
from synapse_embeddings.settings import EmbeddingsSettings

if __name__ == "__main__":
    raise SystemExit(main(EmbeddingsSettings, EmbeddingsApp))
