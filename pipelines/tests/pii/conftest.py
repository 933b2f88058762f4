from collections.abc import Iterator
from pathlib import Path

import pytest
from synapse_pipelines.pii import pools
from synapse_pipelines.pii.train import TaggerRecipe, train_tagger
from synapse_pipelines.progress import ignore
from synapse_pipelines.training.encoder import packaged_encoder

TINY = TaggerRecipe(
    layers=1, vocabulary=3_000, generated=200, measured=150, validated=100, epochs=4, tokens_per_batch=256
)


@pytest.fixture(scope="session", autouse=True)
def _small_pools() -> Iterator[None]:
    """Some hundred names of a language are as good here as a thousand, and made in a tenth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pools, "_POOL", 150)
        yield


@pytest.fixture(scope="session")
def tagger_folder(_small_pools: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tagger that some seconds of training made: it works, and finds little."""
    out = tmp_path_factory.mktemp("tagger")
    train_tagger(None, TINY, str(packaged_encoder()), out, ignore)
    return out
