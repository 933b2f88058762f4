import json
from pathlib import Path

import numpy as np
import pytest
from synapse_pipelines.errors import DataError, TrainingError
from synapse_pipelines.pii.model import MODEL_FILE, SpanTagger
from synapse_pipelines.pii.report import Report
from synapse_pipelines.pii.sentences import generate
from synapse_pipelines.pii.tagger import IGNORED, TYPES
from synapse_pipelines.pii.train import TaggerRecipe, fit, hidden, training_sentences, validation_sentences
from synapse_pipelines.progress import Event, ignore
from synapse_pipelines.training.encoder import packaged_encoder

BASE = str(packaged_encoder())
SMALL = TaggerRecipe(layers=1, vocabulary=2_000, generated=100, epochs=2, max_tokens=64, tokens_per_batch=256)


def test_training_lowers_the_loss_and_equal_seeds_train_equally() -> None:
    sentences = generate(60, "train", seed=1)
    losses: list[list[str]] = []
    for _ in range(2):
        events: list[Event] = []
        fit(sentences, SMALL, BASE, events.append)
        losses.append([event.message.split(",")[0] for event in events][-1:])
        assert float(losses[-1][0].removeprefix("loss ")) < 2.5  # chance is ln 15, 2.7
    assert losses[0] == losses[1]


def test_a_loss_that_is_no_number_ends_training() -> None:
    with pytest.raises(TrainingError, match="lower the learning rate"):
        fit(generate(60, "train", seed=1), SMALL.model_copy(update={"head_learning_rate": 1e37}), BASE, ignore)


def test_a_trained_folder_says_what_it_is_and_how_good(tagger_folder: Path) -> None:
    report = Report.model_validate_json((tagger_folder / "evaluation.json").read_bytes())
    assert set(report.sets) == {"generated en", "generated pt"}
    assert report.sets["generated pt"].by_type["PERSON"].labelled > 20
    assert report.sets["generated pt"].by_type["NIF"].recall == 1.0  # by its form, whatever the tagger learnt
    assert "| PERSON |" in (tagger_folder / "report.md").read_text(encoding="utf-8")
    info = json.loads((tagger_folder / "tagger.json").read_bytes())
    assert info["recipe"]["layers"] == 1
    assert set(info["biases"]) == set(TYPES)
    assert (tagger_folder / MODEL_FILE).stat().st_size < 3_000_000  # 4 bits a weight


def test_the_trained_tagger_finds_spans_of_its_types(tagger_folder: Path) -> None:
    texts = [sentence.text for sentence in generate(50, "train", seed=1)] + ["", " "]
    found = SpanTagger(tagger_folder).find(texts)
    assert len(found) == len(texts)
    assert any(found)
    for text, spans in zip(texts, found, strict=True):
        assert all(0 <= start < end <= len(text) and kind in TYPES for start, end, kind in spans)


def test_some_tokens_are_hidden_and_special_ones_never() -> None:
    ids, tags = [1, *range(10, 1_010), 2], [IGNORED, *[0] * 1_000, IGNORED]
    seen = hidden(ids, tags, 99_999, 0.1, np.random.default_rng(1))
    assert (seen[0], seen[-1]) == (1, 2)
    assert 60 < seen.count(99_999) < 140
    assert hidden(ids, tags, 99_999, 0.0, np.random.default_rng(1)) == ids


def test_nothing_learnt_from_chooses_the_biases() -> None:
    learnt = {one.template for one in training_sentences(None, SMALL.model_copy(update={"generated": 2_000}))}
    assert not learnt & {one.template for one in validation_sentences(None, SMALL)}


def test_an_empty_folder_is_no_tagger(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no tagger"):
        SpanTagger(tmp_path)
