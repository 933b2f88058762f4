"""Phrase-bank rows by split, and the labels that validation lacks."""

from __future__ import annotations

import pandas as pd
import pytest
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.augmentation.bank_splits import bank_rows, missing_labels
from synapse_pipelines.augmentation.generators import TemplateGenerator
from synapse_pipelines.augmentation.templates import lines
from synapse_pipelines.data.split import Split


@pytest.fixture(scope="module")
def banks() -> dict[Split, pd.DataFrame]:
    return bank_rows(9_000, 5)


def test_no_sentence_is_in_two_splits(banks: dict[Split, pd.DataFrame]) -> None:
    sources = [set(rows["source"]) for rows in banks.values()]
    assert sum(map(len, sources)) == len(set.union(*sources)) > 0.99 * len(lines())


def test_train_has_the_rows_asked_for(banks: dict[Split, pd.DataFrame]) -> None:
    assert len(banks["train"]) >= 9_000


def count(rows: pd.DataFrame, language: str, column: str, *, value: bool) -> int:
    return int((rows.loc[rows["language"] == language, column] == value).sum())


def test_rows_fill_up_what_is_lacking_and_no_more(banks: dict[Split, pd.DataFrame]) -> None:
    have = banks["train"].copy()
    have.loc[(have["language"] == "pt"), "self_harm"] = pd.NA
    assert count(have, "pt", "toxicity", value=True) > 30
    made = missing_labels(have, TemplateGenerator(banks["valid"]), 30)
    assert set(made["language"]) == {"pt"}
    assert count(made, "pt", "self_harm", value=True) >= 30
    assert count(made, "pt", "self_harm", value=False) >= 30
    assert len(made) <= 60
    others = [column for column in COLUMNS if column != "self_harm"]
    assert made[others].isna().all(axis=None)


def test_nothing_is_added_where_nothing_is_lacking(banks: dict[Split, pd.DataFrame]) -> None:
    assert missing_labels(banks["test"], TemplateGenerator(banks["valid"]), 0).empty
