import numpy as np
from synapse_pipelines.pii.calibrate import choose_biases
from synapse_pipelines.pii.phrases import Sentence
from synapse_pipelines.pii.tagger import TAGS, TYPES, ReadWords, read_words, windowed, windows
from synapse_pipelines.training.encoder import packaged_encoder
from tokenizers import Tokenizer

TOKENIZER = windowed(Tokenizer.from_file(str(packaged_encoder() / "tokenizer.json")), 64)


def read(text: str, odds: float) -> ReadWords:
    """What a tagger says that takes each word for a person, `odds` (log) over no name."""
    ((_, window),) = windows(TOKENIZER, [text])
    logits = np.full((len(window.ids), len(TAGS)), -20.0, dtype=np.float32)
    logits[:, 0], logits[:, TAGS.index("B-PERSON")] = 0.0, odds
    return read_words(text, [(window, logits)])


def test_a_type_that_is_often_wrong_must_be_surer() -> None:
    sentences = [Sentence("ana", "en", ((0, 3, "PERSON"),), "{first}")] * 3 + [Sentence("dog", "en", (), "dog")] * 9
    biases = choose_biases(sentences, [read("ana", 5.0)] * 3 + [read("dog", 1.0)] * 9)
    assert 1.0 < biases["PERSON"] < 5.0
    assert set(biases) == set(TYPES)
    assert biases["ORG"] == 0.0  # nothing speaks for another


def test_a_type_that_is_too_shy_may_be_less_sure() -> None:
    sentences = [Sentence("ana", "en", ((0, 3, "PERSON"),), "{first}")]
    assert choose_biases(sentences, [read("ana", -0.5)])["PERSON"] < 0.0
