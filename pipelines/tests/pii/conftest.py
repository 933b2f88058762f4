from pathlib import Path

import pytest
from synapse_pipelines.pii.train import TaggerRecipe, train_tagger
from synapse_pipelines.progress import ignore
from synapse_pipelines.training.encoder import packaged_encoder

TINY = TaggerRecipe(layers=1, vocabulary=3_000, generated=200, measured=150, epochs=4, tokens_per_batch=256)


@pytest.fixture(scope="session")
def tagger_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tagger that some seconds of training made: it works, and finds little."""
    out = tmp_path_factory.mktemp("tagger")
    train_tagger(None, TINY, str(packaged_encoder()), out, ignore)
    return out
