"""Each reason to drop a copy, and what is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_common.decision import Flags, Floats
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.augmentation import filter as rules
from synapse_pipelines.augmentation.filter import CopyFilter, reason_against
from synapse_pipelines.augmentation.groups import Language
from synapse_pipelines.augmentation.rows import typed

PARENT = "I really do not like this film, it is boring"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I truly do not like this movie, it is boring", None),
        (None, rules.NO_TEXT),
        ("", rules.NO_TEXT),
        ("i really do NOT like this film it is boring!", rules.EQUAL),
        ("not a good one", rules.LENGTH),
        (f"{PARENT}. And {PARENT}. So there, it is not good", rules.LENGTH),
        ("Eu realmente não gosto deste filme, é uma seca", rules.LANGUAGE),
        ("I really do like this film, it is not boring, never", rules.NEGATION),
        ("I really do not like this bastard, it is boring", rules.HARMFUL_WORD),
    ],
)
def test_why_a_copy_cannot_stand_for_its_parent(text: str | None, reason: str | None) -> None:
    assert reason_against(PARENT, text, "en") == reason


def test_a_lost_harmful_word_is_noticed() -> None:
    assert reason_against("you are such a bastard", "you are such a person", "en") == rules.HARMFUL_WORD


@given(st.text(min_size=1), st.text(), st.sampled_from(["en", "pt"]))
def test_no_text_stands_for_itself_and_any_text_is_judged(parent: str, text: str, language: Language) -> None:
    assert reason_against(parent, parent, language) == rules.EQUAL
    reason_against(parent, text, language)


def parents(count: int, *, toxic: bool | None = True) -> pd.DataFrame:
    labels = dict.fromkeys(COLUMNS, None) | {"toxicity": toxic}
    return typed(pd.DataFrame([{"text": f"{PARENT} {n}", "language": "en", **labels} for n in range(count)]))


def copies(count: int) -> list[str | None]:
    return [f"I truly do not like this movie, it is boring {n}" for n in range(count)]


def test_the_encoder_has_a_say() -> None:
    def similarities(first: Sequence[str], second: Sequence[str]) -> Floats:
        assert len(first) == len(second) == 2  # the third is out by its words
        return np.array([0.9, 0.2], dtype=np.float32)

    kept, reasons = CopyFilter(similarities, 0.5, None).keep(parents(3), [*copies(2), None])
    assert kept.tolist() == [True, False, False]
    assert reasons == {rules.MEANING: 1, rules.NO_TEXT: 1}


def alike(first: Sequence[str], _: Sequence[str]) -> Floats:
    return np.ones(len(first), dtype=np.float32)


@pytest.mark.parametrize(
    ("label", "of_parent", "of_copy", "dropped"),
    [
        (True, True, False, True),
        (True, True, True, False),
        (True, False, True, False),  # wrong about the parent: no judge
        (False, False, True, True),
        (None, False, True, False),  # nobody knows
    ],
)
def test_the_champion_objects_where_it_was_right_and_changes_its_mind(
    label: bool | None, of_parent: bool, of_copy: bool, dropped: bool
) -> None:
    def champion(texts: Sequence[str]) -> Flags:
        found = np.zeros((len(texts), len(COLUMNS)), dtype=np.bool_)
        found[:, 0] = of_parent if texts[0].startswith(PARENT) else of_copy
        return found

    kept, reasons = CopyFilter(alike, 0.5, champion).keep(parents(2, toxic=label), copies(2))
    assert kept.tolist() == [not dropped] * 2
    assert reasons == ({rules.VERDICT: 2} if dropped else {})


def test_nothing_left_to_ask_about_is_no_error() -> None:
    kept, reasons = CopyFilter(alike, 0.5, lambda texts: np.zeros((len(texts), 8), dtype=np.bool_)).keep(
        parents(1), [None]
    )
    assert not kept.any()
    assert reasons == {rules.NO_TEXT: 1}
