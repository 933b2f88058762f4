import gzip
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from synapse_pipelines.data.sources import data_version, find_table, read_rows
from synapse_pipelines.errors import DataError


def test_parquet_and_both_forms_of_json_lines_read_the_same(tmp_path: Path) -> None:
    rows = [{"a": 1, "b": "é"}, {"a": 2, "b": None}]
    pd.DataFrame(rows).to_parquet(tmp_path / "t.parquet", index=False)
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (tmp_path / "t.jsonl").write_bytes(lines + b"\n")
    (tmp_path / "t.jsonl.gz").write_bytes(gzip.compress(lines))
    assert list(read_rows(tmp_path / "t.parquet")) == rows
    for name in ("t.jsonl", "t.jsonl.gz"):
        assert [json.loads(line) for line in read_rows(tmp_path / name)] == rows  # type: ignore[arg-type]


def test_a_missing_folder_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="SYNAPSE_DATA_DIR"):
        find_table(tmp_path / "nowhere", "annotations")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no table chat_logs"):
        find_table(tmp_path, "chat_logs")


@pytest.mark.parametrize("name", ["t.parquet", "t.jsonl.gz"])
def test_a_broken_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"neither")
    with pytest.raises(DataError, match=f"cannot read .*{name}"):
        list(read_rows(tmp_path / name))


def test_the_version_follows_the_content(source_tables: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(source_tables, tmp_path / "copy")
    assert data_version(copy) == data_version(source_tables)
    pd.read_parquet(copy / "feedback.parquet").iloc[1:].to_parquet(copy / "feedback.parquet", index=False)
    assert data_version(copy) != data_version(source_tables)
