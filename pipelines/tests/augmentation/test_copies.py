"""Copies of rows of train, judged by the encoder and, where one is given, by the champion."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from synapse_common.bundle import Bundle
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.augmentation.copies import obfuscated_copies, reworded_copies
from synapse_pipelines.augmentation.filter import VERDICT
from synapse_pipelines.augmentation.recipe import AugmentationRecipe
from synapse_pipelines.augmentation.rows import from_generator
from synapse_pipelines.augmentation.templates import template_rows
from synapse_pipelines.errors import AugmentationError
from synapse_pipelines.progress import Event, ignore
from synapse_pipelines.training.encoder import packaged_encoder

ENCODER = str(packaged_encoder())


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return from_generator(template_rows(240, 4))


def reworded(rows: pd.DataFrame, champion: Bundle | None) -> tuple[set[str], Counter[str]]:
    settings = AugmentationRecipe(paraphrase_share=1.0)
    texts: set[str] = set()
    reasons: Counter[str] = Counter()
    for method, made, why in reworded_copies(rows, settings, 1, ENCODER, champion, None, ignore):
        assert method == "paraphrase"
        texts |= set(made["text"])
        reasons += why
    return texts, reasons


def test_the_champion_only_takes_away(rows: pd.DataFrame, moderation_bundle: Bundle) -> None:
    texts, reasons = reworded(rows, None)
    judged, judged_reasons = reworded(rows, moderation_bundle)
    assert judged <= texts
    assert len(texts - judged) <= judged_reasons[VERDICT]
    assert reasons == Counter({reason: count for reason, count in judged_reasons.items() if reason != VERDICT})


def test_copies_come_by_language_with_their_parents_labels(rows: pd.DataFrame) -> None:
    events: list[Event] = []
    settings = AugmentationRecipe(paraphrase_share=0.5)
    parts = [made for _, made, _ in reworded_copies(rows, settings, 1, ENCODER, None, None, events.append)]
    assert [set(part["language"]) for part in parts] == [{"en"}, {"pt"}]
    assert len(events) == 2
    parents = rows.set_index("key")
    for part in parts:
        same = parents.loc[part["parent_id"], list(COLUMNS)].astype(object).set_axis(part.index)
        assert part[list(COLUMNS)].astype(object).equals(same)


def test_nothing_on_loads_nothing(rows: pd.DataFrame, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "no encoder here")
    assert list(reworded_copies(rows, AugmentationRecipe(), 1, nowhere, None, None, ignore)) == []


def test_a_model_that_is_asked_for_must_be_there(rows: pd.DataFrame, tmp_path: Path) -> None:
    missing = AugmentationRecipe(back_translation_rows=5, to_portuguese_model=str(tmp_path))
    with pytest.raises(AugmentationError, match="cannot load the translation model"):
        list(reworded_copies(rows, missing, 1, ENCODER, None, None, ignore))
    chat = AugmentationRecipe(paraphrase_share=0.1, paraphraser="chat", chat_model="m")
    with pytest.raises(AugmentationError, match="no client"):
        list(reworded_copies(rows, chat, 1, ENCODER, None, None, ignore))


def test_every_obfuscated_copy_differs_from_its_parent(rows: pd.DataFrame) -> None:
    made = obfuscated_copies(rows, 1.0, 1)
    parents = rows.set_index("key").loc[made["parent_id"], "text"]
    assert (made["text"].to_numpy() != parents.to_numpy()).all()
    assert 0.9 * len(rows) < len(made) <= len(rows)
    assert obfuscated_copies(rows, 0.0, 1).empty
