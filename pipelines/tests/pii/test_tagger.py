import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from synapse_pipelines.pii.phrases import Span
from synapse_pipelines.pii.tagger import (
    IGNORED,
    TAGS,
    decode,
    hide_number,
    pad_number,
    read_words,
    tag_numbers,
    windowed,
    windows,
)
from synapse_pipelines.training.encoder import packaged_encoder
from tokenizers import Encoding, Tokenizer

TOKENIZER = windowed(Tokenizer.from_file(str(packaged_encoder() / "tokenizer.json")), 64)
WORD = st.sampled_from(["ana", "Porto", "unquestionably", "rua", "12", "x.y", "e", ",", "joão"])
WORDS = st.lists(WORD, min_size=1, max_size=60)


def logits_of(window: Encoding, spans: list[Span]) -> NDArray[np.float32]:
    """What a tagger that is always right would say."""
    return np.array([9.0 * np.eye(len(TAGS))[max(0, tag)] for tag in tag_numbers(window, spans)], dtype=np.float32)


@given(WORDS, st.data())
def test_what_is_tagged_is_what_is_decoded(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    starts = np.cumsum([0, *(len(word) + 1 for word in words)])
    spans: list[Span] = []
    for number, word in enumerate(words):
        kind = data.draw(st.sampled_from([None, None, "PERSON", "ADDRESS"]))
        if kind and word != ",":
            start = int(starts[number])
            spans.append((start, start + len(word), kind))
    parts = [(window, logits_of(window, spans)) for _, window in windows(TOKENIZER, [text])]
    assert decode(read_words(text, parts)) == spans


def test_a_long_text_is_read_in_windows_that_overlap() -> None:
    text = "word " * 200
    seen = windows(TOKENIZER, ["short", text])
    assert [number for number, _ in seen].count(1) > 3
    assert all(len(window.ids) <= 64 for _, window in seen)
    assert max(window.offsets[-2][1] for _, window in seen) == len(text.rstrip())


def test_special_tokens_have_no_tag() -> None:
    ((_, window),) = windows(TOKENIZER, ["ana"])
    assert tag_numbers(window, [(0, 3, "PERSON")]) == [IGNORED, TAGS.index("B-PERSON"), IGNORED]


def test_types_that_patterns_find_are_outside() -> None:
    ((_, window),) = windows(TOKENIZER, ["a@x.pt"])
    assert set(tag_numbers(window, [(0, 6, "EMAIL")])) == {IGNORED, 0}


def test_a_bias_finds_less_of_its_type_alone() -> None:
    ((_, window),) = windows(TOKENIZER, ["ana"])
    logits = np.full((3, len(TAGS)), -9.0, dtype=np.float32)
    logits[1, 0], logits[1, TAGS.index("B-PERSON")] = 0.0, 2.0
    words = read_words("ana", [(window, logits)])
    assert decode(words) == [(0, 3, "PERSON")]
    assert decode(words, {"PERSON": 5.0}) == []
    assert decode(words, {"ORG": 5.0}) == [(0, 3, "PERSON")]


@pytest.mark.parametrize("text", ["", "   ", "\u00a0", "\u200b"])
def test_texts_without_words_have_no_spans(text: str) -> None:
    seen = [window for _, window in windows(TOKENIZER, [text])]
    parts = [(window, np.ones((len(window.ids), len(TAGS)), dtype=np.float32)) for window in seen]
    assert decode(read_words(text, parts)) == []


def test_the_pad_token_is_known() -> None:
    assert pad_number(TOKENIZER) == TOKENIZER.token_to_id("[PAD]")


def test_hidden_words_have_a_token_of_their_own() -> None:
    assert hide_number(TOKENIZER) in {TOKENIZER.token_to_id("[MASK]"), TOKENIZER.token_to_id("[UNK]")}
    assert hide_number(TOKENIZER) != pad_number(TOKENIZER)
