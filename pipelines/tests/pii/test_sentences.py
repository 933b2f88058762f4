import gzip
import json
from pathlib import Path

import pandas as pd
import pytest
from synapse_pipelines.errors import DataError
from synapse_pipelines.pii.sentences import (
    SPANS_FILE,
    annotated_texts,
    chat_texts,
    generate,
    labelled,
    nameless,
    template_side,
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
    train, test = ({sentence.template for sentence in generate(3_000, side, 1)} for side in ("train", "test"))
    assert not train & test
    assert len(train) > len(test) > 20
    assert all(template_side(template) == "test" for template in test)


def test_some_sentences_are_written_as_people_chat() -> None:
    texts = [sentence.text for sentence in generate(400, "train", seed=1)]
    assert 0.2 < sum(text == text.lower() for text in texts) / len(texts) < 0.7


def test_labelled_sentences_have_our_types(tmp_path: Path) -> None:
    write_spans(tmp_path, ROW, ROW | {"template_in_heldout": True, "text": "Eva lives in Braga, aged 31"})
    (sentence,) = labelled(tmp_path, in_heldout=False)
    assert sentence.spans == ((0, 3, "PERSON"), (13, 18, "LOCATION"))
    assert sentence.template == "<PERSON> lives in <GPE>, aged <AGE>"
    assert [one.text for one in labelled(tmp_path, in_heldout=True)] == ["Eva lives in Braga, aged 31"]


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
    train, test = chat_texts(tmp_path, "train"), chat_texts(tmp_path, "test")
    assert sorted(train + test) == sorted(texts)
    assert len(train) > len(test) > 0


def test_annotated_texts_are_of_their_language(tmp_path: Path) -> None:
    rows = [{"text": f"texto {number}", "language": ("en", "pt")[number % 2]} for number in range(40)]
    pd.DataFrame(rows).to_parquet(tmp_path / "annotations.parquet")
    found = annotated_texts(tmp_path, "train", "pt") + annotated_texts(tmp_path, "test", "pt")
    assert sorted(found) == sorted(row["text"] for row in rows if row["language"] == "pt")


def test_some_plain_texts_are_put_in_capitals() -> None:
    texts = [f"reboot the machine number {number} now please" for number in range(200)]
    shown = [sentence.text for sentence in nameless(texts, "en", 200, seed=1)]
    assert 5 < sum(text.startswith("Reboot The") for text in shown) < 50
    assert all(not sentence.spans for sentence in nameless(texts, "en", 200, seed=1))
