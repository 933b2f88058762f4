from synapse_common.bundle import Bundle
from synapse_moderation.backends.tokenise import TextEncoder


def test_texts_are_padded_to_the_longest_and_masked_there(bundle: Bundle) -> None:
    ids, mask = TextEncoder(bundle).encode(["good", "how are you"])
    assert ids.dtype == mask.dtype == "int64"
    assert ids.shape == mask.shape == (2, 5)  # three words and two marks
    assert mask.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
    pad_id = bundle.json("model/config.json")["pad_token_id"]
    assert ids[0, 3:].tolist() == [pad_id, pad_id]


def test_a_text_of_nothing_but_invisible_signs_still_has_a_row(bundle: Bundle) -> None:
    ids, _ = TextEncoder(bundle).encode(["\u200b"])
    assert ids.shape == (1, 2)


def test_no_text_is_longer_than_the_model_takes(bundle: Bundle) -> None:
    ids, _ = TextEncoder(bundle).encode(["good " * 100])
    assert ids.shape == (1, bundle.manifest.max_tokens)
