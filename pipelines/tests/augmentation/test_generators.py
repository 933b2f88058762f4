"""Rows of a kind from the phrase banks."""

from __future__ import annotations

import pytest
from synapse_pipelines.augmentation.generators import KINDS, Kind, TemplateGenerator
from synapse_pipelines.augmentation.rows import from_generator
from synapse_pipelines.augmentation.templates import template_rows


@pytest.fixture(scope="module")
def generator() -> TemplateGenerator:
    return TemplateGenerator(from_generator(template_rows(9_000, 1)))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_of_the_kind_asked_for(generator: TemplateGenerator, kind: Kind) -> None:
    rows = generator.generate(kind, 20)
    assert len(rows) == 20
    assert set(rows["language"]) == {kind.language}
    assert (rows[kind.column].fillna(kind.harmful) == kind.harmful).all()


def test_there_are_no_more_than_the_pool_has(generator: TemplateGenerator) -> None:
    assert generator.generate(KINDS[0], 0).empty
    assert 0 < len(generator.generate(KINDS[0], 10**6)) < 9_000
