import numpy as np
import pytest
from synapse_local_upstream.encoder import DIMENSIONS, Encoder


async def test_vectors_are_of_unit_length_and_in_order(encoder: Encoder) -> None:
    texts = [f"sentence number {index}" for index in range(20)]
    vectors = await encoder.embed(texts)
    assert vectors.shape == (20, DIMENSIONS)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(20), abs=1e-4)
    (alone,) = await encoder.embed([texts[17]])
    assert alone == pytest.approx(vectors[17], abs=1e-4)


async def test_meaning_decides_not_words(encoder: Encoder) -> None:
    cat, feline, market = await encoder.embed(["the cat sleeps", "o gato está a dormir", "stock markets fell"])
    assert cat @ feline > cat @ market


async def test_no_text_gives_no_vector(encoder: Encoder) -> None:
    assert (await encoder.embed([])).shape == (0, DIMENSIONS)


async def test_a_nul_does_not_cut_the_text(encoder: Encoder) -> None:
    spaced, with_nul, cut = await encoder.embed(["good morning", "good\0morning", "good"])
    assert with_nul == pytest.approx(spaced, abs=1e-6)
    assert with_nul != pytest.approx(cut, abs=1e-2)


async def test_tokens_add_up(encoder: Encoder) -> None:
    one, two = await encoder.count_tokens(["good morning"]), await encoder.count_tokens(["bom dia a todos"])
    assert await encoder.count_tokens(["good morning", "bom dia a todos"]) == one + two > 6


async def test_loading_comes_first() -> None:
    fresh = Encoder()
    with pytest.raises(RuntimeError, match="load"):
        await fresh.embed(["a"])
    fresh.close()
