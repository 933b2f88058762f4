import gzip
import json
from pathlib import Path

import pandas as pd
import pytest
from synapse_pipelines.errors import DataError
from synapse_pipelines.pii.phrases import Sentence
from synapse_pipelines.pii.pools import side_of
from synapse_pipelines.pii.sentences import (
    SPANS_FILE,
    annotated_texts,
    chat_texts,
    generate,
    in_rows,
    labelled,
    nameless,
    refilled,
)
from synapse_pipelines.pii.values import TYPE_OF_SLOT

ROW = {
    "text": "Ana lives in Porto, aged 30",
    "language": "en",
    "spans": [
        {"start": 0, "end": 3, "type": "PERSON"},
        {"start": 13, "end": 18, "type": "GPE"},
        {"start": 25, "end": 27, "type": "AGE"},
    ],
    "template_in_heldout": False,
}


def write_spans(folder: Path, *rows: object) -> None:
    with gzip.open(folder / SPANS_FILE, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)


def test_generated_sentences_mark_their_values_in_both_languages() -> None:
    made = generate(400, "train", seed=1)
    assert made == generate(400, "train", seed=1)
    assert {sentence.language for sentence in made} == {"en", "pt"}
    assert {span[2] for sentence in made for span in sentence.spans} <= set(TYPE_OF_SLOT.values())
    for sentence in made:
        assert "{" not in sentence.text
        ends = [0, *(end for span in sentence.spans for end in span[:2]), len(sentence.text)]
        assert ends == sorted(ends)


def test_training_and_test_share_no_template() -> None:
    train, valid, test = ({one.template for one in generate(3_000, side, 1)} for side in ("train", "valid", "test"))
    assert not train & test | train & valid | valid & test
    assert len(train) > len(test) > len(valid) > 20
    assert all(side_of(template) == "test" for template in test)


def test_some_sentences_are_written_as_people_chat() -> None:
    texts = [sentence.text for sentence in generate(400, "train", seed=1)]
    assert 0.2 < sum(text == text.lower() for text in texts) / len(texts) < 0.7


def test_several_sentences_in_a_row_keep_their_spans() -> None:
    single = generate(300, "train", seed=1)
    rows = in_rows(single, seed=1)
    assert 150 < len(rows) < 290
    marked = [one.text[a:b] for one in single if one.language == "pt" for a, b, _ in one.spans]
    assert [one.text[a:b] for one in rows if one.language == "pt" for a, b, _ in one.spans] == marked


def test_labelled_sentences_have_our_types(tmp_path: Path) -> None:
    write_spans(tmp_path, ROW, ROW | {"template_in_heldout": True, "text": "Eva lives in Braga, aged 31"})
    (sentence,) = labelled(tmp_path, in_heldout=False)
    assert sentence.spans == ((0, 3, "PERSON"), (13, 18, "LOCATION"))
    assert sentence.template == "<PERSON> lives in <GPE>, aged <AGE>"
    assert [one.text for one in labelled(tmp_path, in_heldout=True)] == ["Eva lives in Braga, aged 31"]


def test_labelled_sentences_are_seen_again_with_other_values() -> None:
    spans = ((0, 3, "PERSON"), (13, 18, "LOCATION"), (22, 25, "SSN"))
    sentence = Sentence("Ana lives in Porto at 123 now", "en", spans, "<PERSON> lives in <GPE>")
    made = refilled([sentence] * 40, "train", seed=1)
    assert len({one.text for one in made}) > 35
    for one in made:
        assert [kind for *_, kind in one.spans] == ["PERSON", "LOCATION", "SSN"]
        assert one.text[slice(*one.spans[2][:2])] == "123"
        assert one.text[one.spans[0][1] : one.spans[1][0]].lower() == " lives in "


def test_spans_inside_others_are_left_out(tmp_path: Path) -> None:
    inner = {"start": 1, "end": 3, "type": "PERSON"}
    write_spans(tmp_path, ROW | {"spans": [inner, {"start": 0, "end": 12, "type": "ORGANIZATION"}]})
    assert labelled(tmp_path, in_heldout=False)[0].spans == ((0, 12, "ORG"),)


def test_without_the_file_there_are_none(tmp_path: Path) -> None:
    assert labelled(tmp_path, in_heldout=False) == []
    assert chat_texts(tmp_path, "train") == []


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    write_spans(tmp_path, {"text": "no spans", "template_in_heldout": False})
    with pytest.raises(DataError, match="cannot be read"):
        labelled(tmp_path, in_heldout=False)
    (tmp_path / SPANS_FILE).write_bytes(b"not gzip")
    with pytest.raises(DataError, match=SPANS_FILE):
        labelled(tmp_path, in_heldout=False)


def test_texts_with_a_known_name_or_a_capital_are_not_taken() -> None:
    texts = ["reboot the machine now please", "ask maria about the machine", "ask Zyx about the machine", "ok"]
    assert [sentence.text for sentence in nameless(texts, "en", 10, seed=1)] == ["reboot the machine now please"]


def test_chat_is_split_by_its_text(tmp_path: Path) -> None:
    texts = [f"message number {number}" for number in range(100)]
    pd.DataFrame({"text": [*texts, *texts]}).to_parquet(tmp_path / "chat_logs.parquet")
    train, valid, test = (chat_texts(tmp_path, side) for side in ("train", "valid", "test"))
    assert sorted(train + valid + test) == sorted(texts)
    assert len(train) > len(test) > len(valid) > 0


def test_annotated_texts_are_of_their_language(tmp_path: Path) -> None:
    rows = [{"text": f"texto {number}", "language": ("en", "pt")[number % 2]} for number in range(40)]
    pd.DataFrame(rows).to_parquet(tmp_path / "annotations.parquet")
    found = [text for side in ("train", "valid", "test") for text in annotated_texts(tmp_path, side, "pt")]
    assert sorted(found) == sorted(row["text"] for row in rows if row["language"] == "pt")


def test_some_plain_texts_are_put_in_capitals() -> None:
    texts = [f"reboot the machine number {number} now please" for number in range(200)]
    shown = [sentence.text for sentence in nameless(texts, "en", 200, seed=1)]
    assert 5 < sum(text.startswith("Reboot The") for text in shown) < 50
    assert all(not sentence.spans for sentence in nameless(texts, "en", 200, seed=1))
