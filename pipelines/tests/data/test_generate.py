from pathlib import Path

from synapse_pipelines.data.generate import generate_annotations, write_tables
from synapse_pipelines.data.sources import data_version


def test_equal_seeds_give_equal_rows() -> None:
    assert generate_annotations(200, 1).equals(generate_annotations(200, 1))
    assert not generate_annotations(200, 1).equals(generate_annotations(200, 2))


def test_equal_arguments_give_equal_files(tmp_path: Path) -> None:
    first = write_tables(tmp_path / "a", annotations=100, messages=100, seed=1)
    again = write_tables(tmp_path / "b", annotations=100, messages=100, seed=1)
    assert data_version(first) == data_version(again)
