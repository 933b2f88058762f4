import shutil
from pathlib import Path

import pandas as pd
import pytest
from synapse_pipelines.data.sources import data_version, find_table
from synapse_pipelines.errors import DataError


def test_a_table_is_a_file_or_a_folder_of_parts(source_tables: Path, tmp_path: Path) -> None:
    (tmp_path / "feedback.jsonl").touch()
    (tmp_path / "chat_logs").mkdir()
    for part in ("b", "a"):
        shutil.copy(source_tables / "chat_logs.parquet", tmp_path / "chat_logs" / f"{part}.parquet")
    (tmp_path / "chat_logs" / "_SUCCESS").touch()
    assert find_table(tmp_path, "feedback").paths == (str(tmp_path / "feedback.jsonl"),)
    assert [Path(path).name for path in find_table(tmp_path, "chat_logs").paths] == ["a.parquet", "b.parquet"]


def test_another_table_that_begins_alike_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "feedback.old.parquet").touch()
    with pytest.raises(DataError, match="no table feedback"):
        find_table(tmp_path, "feedback")


def test_a_missing_folder_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="SYNAPSE_DATA_DIR"):
        find_table(tmp_path / "nowhere", "annotations")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no table chat_logs"):
        find_table(tmp_path, "chat_logs")


def test_a_table_in_two_formats_is_refused(tmp_path: Path) -> None:
    (tmp_path / "feedback.jsonl").touch()
    (tmp_path / "feedback.parquet").touch()
    with pytest.raises(DataError, match="keep one"):
        find_table(tmp_path, "feedback")


def test_the_version_follows_the_content(source_tables: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(source_tables, tmp_path / "copy")
    assert data_version(copy) == data_version(source_tables)
    pd.read_parquet(copy / "feedback.parquet").iloc[1:].to_parquet(copy / "feedback.parquet", index=False)
    assert data_version(copy) != data_version(source_tables)


def test_the_version_follows_the_lists_that_lie_beside_the_tables(source_tables: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(source_tables, tmp_path / "copy")
    plain = data_version(copy, ["words.txt"])
    assert plain == data_version(copy)
    (copy / "words.txt").write_text("muppet\n", encoding="utf-8")
    listed = data_version(copy, ["words.txt"])
    (copy / "words.txt").write_text("puppet\n", encoding="utf-8")
    assert len({plain, listed, data_version(copy, ["words.txt"])}) == 3
    assert data_version(copy) == plain
