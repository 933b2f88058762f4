from pathlib import Path

import pytest
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.data.generate import generate_annotations, write_tables
from synapse_pipelines.data.sources import data_version


def test_equal_seeds_give_equal_rows() -> None:
    assert generate_annotations(200, 1).equals(generate_annotations(200, 1))
    assert not generate_annotations(200, 1).equals(generate_annotations(200, 2))


def test_equal_arguments_give_equal_files(tmp_path: Path) -> None:
    first = write_tables(tmp_path / "a", annotations=100, messages=100, seed=1)
    again = write_tables(tmp_path / "b", annotations=100, messages=100, seed=1)
    assert data_version(first) == data_version(again)


@pytest.mark.parametrize("language", ["en", "pt"])
@pytest.mark.parametrize("column", COLUMNS)
def test_every_category_has_positives_and_negatives_in_both_languages(language: str, column: str) -> None:
    rows = generate_annotations(2000, 1)
    labels = rows.loc[rows["language"] == language, column]
    assert labels.any()
    assert not labels.all()


def test_half_of_the_rows_are_harmless_and_no_slot_stays_open() -> None:
    rows = generate_annotations(2000, 1)
    assert (~rows[list(COLUMNS)].any(axis=1)).mean() == 0.5
    assert not rows["text"].str.contains(r"[{}]").any()
