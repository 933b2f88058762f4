"""The phrase banks and the rows made of them."""

from __future__ import annotations

import random
from collections import Counter

import pandas as pd
import pytest
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.augmentation.templates import Block, fill, lines, template_rows


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return template_rows(2 * len(lines()), 1)


def test_equal_seeds_give_equal_rows() -> None:
    assert template_rows(200, 1).equals(template_rows(200, 1))
    assert not template_rows(200, 1).equals(template_rows(200, 2))


def test_every_line_can_be_filled_without_a_slot_left_open() -> None:
    rng = random.Random(1)
    for line in lines():
        text, _ = fill(line, rng)
        assert not set("{}") & set(text), line.source


def test_no_line_stands_twice() -> None:
    counted = Counter(line.text.casefold().strip() for line in lines())
    assert [text for text, count in counted.items() if count > 1] == []


def test_no_two_lines_have_the_same_number() -> None:
    assert max(Counter(line.source for line in lines()).values()) == 1


@pytest.mark.parametrize("language", ["en", "pt"])
@pytest.mark.parametrize("column", COLUMNS)
def test_every_category_has_many_positives_and_negatives_in_both_languages(
    rows: pd.DataFrame, language: str, column: str
) -> None:
    labels = rows.loc[rows["language"] == language, column]
    assert (labels == True).sum() > 50  # noqa: E712 - null is neither
    assert (labels == False).sum() > 1_000  # noqa: E712


def test_about_half_of_the_lines_are_harmless() -> None:
    harmless = sum(not line.block.labels for line in lines()) / len(lines())
    assert 0.4 < harmless < 0.6


def test_rows_are_distinct_and_every_line_has_its_turn(rows: pd.DataFrame) -> None:
    assert rows["text"].is_unique
    assert rows["id"].is_unique
    assert rows["source"].nunique() == len(lines())


def test_hate_names_the_group_it_is_about(rows: pd.DataFrame) -> None:
    named = rows[rows["identity"].notna()]
    assert named["identity"].nunique() > 15
    assert set(named["language"]) == {"en", "pt"}


def test_unknown_labels_are_null_not_false() -> None:
    unknown = {(line.source, name) for line in lines() for name in line.block.unknown}
    assert unknown
    rows = template_rows(len(lines()), 3).set_index("source")
    for source, name in sorted(unknown)[:200]:
        if source in rows.index:
            assert rows.loc[source, name.replace("/", "_").replace("-", "_")] is None


def test_a_bank_cannot_name_a_category_outside_the_taxonomy() -> None:
    with pytest.raises(ValueError, match="rudeness"):
        Block(name="x", labels=["rudeness"], lines=["a"])
