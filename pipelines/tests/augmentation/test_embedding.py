"""Likeness in meaning by the packaged encoder."""

from __future__ import annotations

import pytest
from synapse_pipelines.augmentation.embedding import Embedder
from synapse_pipelines.training.encoder import packaged_encoder


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(str(packaged_encoder()))


def test_a_rewording_is_nearer_than_another_text(embedder: Embedder) -> None:
    text = "the train to the city was late again"
    reworded, other, same = embedder.similarities(
        [text] * 3, ["once more the train into town came late", "I baked bread with my aunt", text]
    )
    assert other < 0.3 < 0.5 < reworded < same
    assert same == pytest.approx(1.0, abs=1e-4)


def test_no_texts_have_no_similarities(embedder: Embedder) -> None:
    assert embedder.similarities([], []).shape == (0,)
