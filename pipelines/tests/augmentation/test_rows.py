"""The columns that all generated rows share."""

from __future__ import annotations

import pandas as pd
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.augmentation.rows import children, from_generator, typed
from synapse_pipelines.augmentation.templates import template_rows


def people() -> pd.DataFrame:
    labels = {column: [True, None] for column in COLUMNS}
    return typed(
        pd.DataFrame(
            {"text": ["One two", "Um dois"], "key": ["one two", "um dois"], "language": ["en", "pt"], "source": "forum"}
            | labels
        )
    )


def test_a_child_has_its_parents_labels_and_names_it() -> None:
    parents = people()
    made = children(parents, ["1 two", "um 2"], "obfuscation")
    assert made["parent_id"].tolist() == ["one two", "um dois"]
    assert made["key"].tolist() == ["1 two", "um 2"]
    assert made["method"].tolist() == ["obfuscation"] * 2
    assert made["obfuscated"].all()
    assert made["language"].tolist() == ["en", "pt"]
    assert made[list(COLUMNS)].equals(parents[list(COLUMNS)])


def test_children_of_any_parent_are_generated_and_name_their_parent() -> None:
    for parents in (people(), from_generator(template_rows(50, 1))):
        made = children(parents, list(parents["text"]), "paraphrase")
        assert made["source"].str.startswith("generated/paraphrase/").all()
        assert made["parent_id"].tolist() == parents["key"].tolist()


def test_rows_of_the_phrase_banks_come_with_a_key_each() -> None:
    rows = from_generator(template_rows(300, 1))
    assert rows["key"].is_unique
    assert rows["key"].str.len().gt(0).all()
    assert (rows["method"] == "template").all()
    assert not rows["obfuscated"].any()
