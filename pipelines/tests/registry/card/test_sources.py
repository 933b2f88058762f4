from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.augmentation.rows import children, typed
from synapse_pipelines.data.dataset import DatasetInfo
from synapse_pipelines.registry.card.data import DataFacts
from synapse_pipelines.registry.card.sources import data_facts

LABELS = dict.fromkeys(COLUMNS, 0)
INFO = DatasetInfo(
    name="labelled",
    version="v1",
    source_version="s1",
    rows={"train": 4, "valid": 1, "test": 1},
    sources={"tupy": 3},
    licences={"tupy": "MIT", "told_br": "CC-BY-SA-4.0", "chat_logs": "CC-BY-4.0"},
    positives=dict.fromkeys(("train", "valid", "test"), LABELS),
    negatives=dict.fromkeys(("train", "valid", "test"), LABELS),
    generated_rows_in_train=2,
    chat_negatives=1,
    quarantined={},
    dropped={},
    feedback={},
)


def rows(sources: Iterable[str], method: str | None = None) -> pd.DataFrame:
    frame = pd.DataFrame({"source": list(sources)}).assign(language="pt", method=method, **dict.fromkeys(COLUMNS))
    return typed(frame.assign(key=[f"{method} {number}" for number in frame.index], text="a text"))


def copies(parents: pd.DataFrame, method: str) -> pd.DataFrame:
    return children(parents, [f"{method} of {key}" for key in parents["key"]], method)


def facts(folder: Path, train: pd.DataFrame) -> DataFacts:
    train.to_parquet(folder / "train.parquet")
    rows(["generated/en_hate/a-2"], "template").to_parquet(folder / "valid.parquet")
    # A split that nothing was generated for lacks the columns of augmentation.
    rows(["stormfront"])[["key", "text", "source", *COLUMNS]].to_parquet(folder / "test.parquet")
    return data_facts(folder, INFO)


def test_rows_are_counted_by_source_with_licence_and_whom_to_name(tmp_path: Path) -> None:
    people = rows(["tupy", "tupy", "chat_logs"])
    found = facts(tmp_path, pd.concat([people, copies(people, "obfuscation")]))
    sources = {one.name: one for one in found.sources}
    assert list(sources) == ["chat_logs", "stormfront", "tupy"]
    assert sources["tupy"].rows == {"train": 2, "valid": 0, "test": 0}
    assert sources["tupy"].licence == "MIT"
    assert "Silly Machine" in sources["tupy"].attribution.name
    assert sources["stormfront"].licence == "not stated"
    assert "Vicomtech" in sources["stormfront"].attribution.name


def test_copies_have_the_licence_of_what_they_copy(tmp_path: Path) -> None:
    people, bank = rows(["tupy", "told_br", "told_br"]), rows(["generated/pt_hate/a-1"], "template")
    reworded = copies(people, "paraphrase")
    # Spelling tricks are played on copies and on the project's own sentences, too.
    hidden = copies(pd.concat([people.head(1), reworded.tail(1), bank]), "obfuscation")
    found = facts(tmp_path, pd.concat([people, bank, reworded, hidden], ignore_index=True))
    assert {(one.method, one.licence): (one.rows["train"], one.copied_from) for one in found.generated} == {
        ("template", "Apache-2.0"): (1, []),
        ("paraphrase", "MIT"): (1, ["tupy"]),
        ("paraphrase", "CC-BY-SA-4.0"): (2, ["told_br"]),
        ("obfuscation", "MIT"): (1, ["tupy"]),
        ("obfuscation", "CC-BY-SA-4.0"): (1, ["told_br"]),
        ("obfuscation", "Apache-2.0"): (1, []),
    }
    template = next(one for one in found.generated if one.method == "template")
    assert template.rows == {"train": 1, "valid": 1, "test": 0}


def test_a_copy_of_an_unknown_row_is_not_taken_for_our_own(tmp_path: Path) -> None:
    found = facts(tmp_path, copies(rows(["told_br"]), "paraphrase"))
    assert ("paraphrase", "not stated") in {(one.method, one.licence) for one in found.generated}


def test_sentences_of_a_chat_model_are_under_its_terms(tmp_path: Path) -> None:
    found = facts(tmp_path, rows(["generated/llm/hate-0"], "llm"))
    assert [one.licence for one in found.generated if one.method == "llm"] == [
        "terms of the chat model that wrote them"
    ]


def test_sentences_of_the_plain_generator_are_our_own(tmp_path: Path) -> None:
    plain = rows(["generated/basic/a-1"])[["key", "text", "source", *COLUMNS]]
    found = facts(tmp_path, plain)
    assert [(one.method, one.licence, one.rows["train"]) for one in found.generated] == [("template", "Apache-2.0", 1)]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("wiki_toxicity", ["Conversation AI / Jigsaw", "Wikipedia contributors"]),
        ("rtp_lx", ["de Wynter", "Gehman", "ToLD-Br", "CC-BY-SA-4.0"]),
        ("chat_logs", ["Kummerfeld", "Gouravajhala", "Elsner and Charniak"]),
        ("safenlp_toxigen", ["Microsoft", "Hartvigsen"]),
    ],
)
def test_sources_of_sources_are_named(tmp_path: Path, source: str, names: list[str]) -> None:
    found = facts(tmp_path, rows([source]))
    named = next(one for one in found.sources if one.name == source).attribution
    assert all(name in named.name for name in names)


@pytest.mark.parametrize("source", ["stormfront", "told_br", "chat_logs"])
def test_what_was_changed_is_told_of_sources_whose_licence_asks_for_it(tmp_path: Path, source: str) -> None:
    found = facts(tmp_path, rows([source]))
    assert next(one for one in found.sources if one.name == source).attribution.changed
