import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from synapse_pipelines.data.validation import load_table
from synapse_pipelines.errors import DataError


def spoil(source: Path, target: Path, table: str, column: str, value: Any) -> Path:
    """Copy the tables and put `value` into `column` of the third row of one of them, as JSON lines."""
    folder = shutil.copytree(source, target / "spoilt")
    rows = json.loads(pd.read_parquet(folder / f"{table}.parquet").to_json(orient="records", date_format="iso"))
    rows[2][column] = value
    (folder / f"{table}.parquet").unlink()
    (folder / f"{table}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("annotations", "hate", "maybe", "hate: Input should be a valid boolean"),
        ("annotations", "text", "", "text: String should have at least 1 character"),
        ("annotations", "language", "fr", "language: Input should be 'en' or 'pt'"),
        ("chat_logs", "user_id", None, "user_id: Input should be a valid string"),
        ("chat_logs", "timestamp", "2024-01-01T00:00:00", "timestamp: Input should have timezone info"),
        ("feedback", "rating", 9, "rating: Input should be less than or equal to 5"),
        ("feedback", "surprise", 1, "surprise: Extra inputs are not permitted"),
    ],
)
def test_a_malformed_row_is_quarantined_with_its_reason(
    source_tables: Path, tmp_path: Path, table: str, column: str, value: Any, reason: str
) -> None:
    folder = spoil(source_tables, tmp_path, table, column, value)
    total = len(pd.read_parquet(source_tables / f"{table}.parquet"))
    loaded = load_table(folder, table, tmp_path / "quarantine")
    assert loaded.quarantined == {reason: 1}
    assert len(loaded.rows) == total - 1
    (line,) = (tmp_path / "quarantine" / f"{table}.jsonl").read_text(encoding="utf-8").splitlines()
    kept = json.loads(line)
    assert kept["row"] == 3
    assert kept["reason"] == reason
    assert json.loads(kept["content"])[column] == value


@pytest.mark.parametrize("line", [b"{not json}\n", b'{"feedback_id": "\xff\xfe"}\n', b"[1, 2]\n"])
def test_a_line_that_is_no_json_object_is_quarantined(source_tables: Path, tmp_path: Path, line: bytes) -> None:
    folder = spoil(source_tables, tmp_path, "feedback", "report", value=False)
    file = folder / "feedback.jsonl"
    good = file.read_bytes().count(b"\n")
    file.write_bytes(file.read_bytes() + line)
    loaded = load_table(folder, "feedback", tmp_path / "quarantine")
    assert len(loaded.rows) == good
    assert sum(loaded.quarantined.values()) == 1


def test_nothing_is_quarantined_of_good_tables(source_tables: Path, tmp_path: Path) -> None:
    for table in ("annotations", "chat_logs", "feedback"):
        assert load_table(source_tables, table, tmp_path).quarantined == {}
        assert (tmp_path / f"{table}.jsonl").read_text(encoding="utf-8") == ""


def test_a_table_that_is_mostly_wrong_is_refused_with_the_commonest_reason(tmp_path: Path) -> None:
    pd.DataFrame({"feedback_id": ["a", "b"], "stars": [1, 2]}).to_parquet(tmp_path / "feedback.parquet", index=False)
    with pytest.raises(DataError, match=r"2 of 2 rows .* conversation_id: Field required"):
        load_table(tmp_path, "feedback", tmp_path / "quarantine")


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "feedback.jsonl").touch()
    with pytest.raises(DataError, match="has no rows"):
        load_table(tmp_path, "feedback", tmp_path / "quarantine")
