import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from synapse_pipelines.data.validation import load_table
from synapse_pipelines.errors import DataError

TABLES = ("annotations", "chat_logs", "feedback")


def as_json_lines(source: Path, target: Path, table: str, **changes: Any) -> Path:
    """Copy the tables, with one of them as JSON lines whose third row has some values changed; return the folder."""
    folder = shutil.copytree(source, target / "spoilt")
    rows = json.loads(pd.read_parquet(folder / f"{table}.parquet").to_json(orient="records", date_format="iso"))
    rows[2] |= changes
    (folder / f"{table}.parquet").unlink()
    (folder / f"{table}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def quarantined(folder: Path, table: str) -> list[dict[str, Any]]:
    rows = pd.read_parquet(folder / f"{table}.parquet").to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("annotations", "hate", "maybe", "hate: is not of type boolean"),
        ("annotations", "hate", 1, "hate: is not of type boolean"),
        ("annotations", "annotator_count", True, "annotator_count: is not of type integer"),
        ("annotations", "annotator_count", 0, "annotator_count: is below 1"),
        ("annotations", "text", "", "text: is empty"),
        ("annotations", "text", " \u2003", "text: does not match \\S"),
        ("annotations", "text", "x" * 20_001, "text: is longer than 20000 characters"),
        ("annotations", "language", "fr", "language: is not one of en, pt"),
        ("annotations", "spam", True, "spam: is not a column of this table"),
        ("chat_logs", "user_id", None, "user_id: is missing"),
        ("chat_logs", "timestamp", "2024-01-01T00:00:00", "timestamp: has no time zone"),
        ("chat_logs", "timestamp", "yesterday", "timestamp: is not a time in ISO 8601"),
        ("chat_logs", "timestamp", 5, "timestamp: is not of type time"),
        ("feedback", "rating", 9, "rating: is above 5"),
        ("feedback", "rating", float("nan"), "rating: is not a number"),
        ("feedback", "rating", None, "a feedback row needs a rating or a report"),
    ],
)
def test_a_malformed_row_is_quarantined_with_its_reason(
    source_tables: Path, tmp_path: Path, table: str, column: str, value: Any, reason: str
) -> None:
    changes = {column: value} | ({"report": False} if table == "feedback" else {})
    folder = as_json_lines(source_tables, tmp_path, table, **changes)
    total = len(pd.read_parquet(source_tables / f"{table}.parquet"))
    loaded = load_table(folder, table, tmp_path / "quarantine")
    assert loaded.quarantined == {reason: 1}
    assert loaded.count == len(loaded.rows.to_pandas()) == total - 1
    (kept,) = quarantined(tmp_path / "quarantine", table)
    assert kept["row"] == 3
    assert kept["reason"] == reason
    assert kept["file"] == str(folder / f"{table}.jsonl")
    assert json.loads(kept["content"])[column] == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize("line", [b"{not json}\n", b'{"feedback_id": "\xff\xfe"}\n', b"[1, 2]\n", b"{}\n"])
def test_a_line_that_is_no_row_is_quarantined(source_tables: Path, tmp_path: Path, line: bytes) -> None:
    folder = as_json_lines(source_tables, tmp_path, "feedback")
    file = folder / "feedback.jsonl"
    good = file.read_bytes().count(b"\n")
    file.write_bytes(b"\n" + file.read_bytes() + line)
    loaded = load_table(folder, "feedback", tmp_path / "quarantine")
    assert loaded.count == good
    (kept,) = quarantined(tmp_path / "quarantine", "feedback")
    assert kept["row"] == good + 2
    assert kept["content"] == line.decode("utf-8", "backslashreplace").strip()


def test_a_bad_value_in_parquet_is_quarantined_too(source_tables: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(source_tables, tmp_path / "tables")
    rows = pd.read_parquet(folder / "annotations.parquet")
    rows.loc[4, "language"] = "fr"
    rows.to_parquet(folder / "annotations.parquet", index=False)
    loaded = load_table(folder, "annotations", tmp_path / "quarantine")
    assert loaded.quarantined == {"language: is not one of en, pt": 1}
    assert loaded.total == len(rows)
    (kept,) = quarantined(tmp_path / "quarantine", "annotations")
    assert json.loads(kept["content"])["id"] == rows.loc[4, "id"]


@pytest.mark.parametrize("table", TABLES)
def test_parquet_and_both_forms_of_json_lines_read_the_same(source_tables: Path, tmp_path: Path, table: str) -> None:
    folder = as_json_lines(source_tables, tmp_path, table)
    expected = load_table(source_tables, table, tmp_path / "q").rows.to_pandas()
    plain = load_table(folder, table, tmp_path / "q").rows.to_pandas()
    file = folder / f"{table}.jsonl"
    (folder / f"{table}.jsonl.gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()
    packed = load_table(folder, table, tmp_path / "q").rows.to_pandas()
    if table == "chat_logs":  # pandas writes milliseconds
        expected["timestamp"] = expected["timestamp"].dt.floor("ms")
    pd.testing.assert_frame_equal(plain, expected)
    pd.testing.assert_frame_equal(packed, expected)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_quarantined_of_good_tables(source_tables: Path, tmp_path: Path, table: str) -> None:
    assert load_table(source_tables, table, tmp_path).quarantined == {}
    assert quarantined(tmp_path, table) == []


def test_a_table_that_is_mostly_wrong_is_refused_with_the_commonest_reason(tmp_path: Path) -> None:
    (tmp_path / "feedback.jsonl").write_text('{"feedback_id": "a", "stars": 1}\n' * 2, encoding="utf-8")
    with pytest.raises(DataError, match=r"2 of 2 rows of .*feedback\.jsonl .* conversation_id: is missing"):
        load_table(tmp_path, "feedback", tmp_path / "quarantine")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="hate"), r"annotations\.parquet has no column hate"),
        (
            lambda rows: rows.assign(spam=True),
            r"annotations\.parquet has a column spam, which annotations does not know",
        ),
        (lambda rows: rows.assign(hate="yes"), r"annotations\.parquet: column hate is of type String, not boolean"),
        (lambda rows: rows.assign(text=None), r"column text is of type Null, not text"),
    ],
)
def test_a_parquet_file_of_other_columns_is_refused_by_name(
    source_tables: Path, tmp_path: Path, change: Any, message: str
) -> None:
    folder = shutil.copytree(source_tables, tmp_path / "tables")
    change(pd.read_parquet(folder / "annotations.parquet")).to_parquet(folder / "annotations.parquet", index=False)
    with pytest.raises(DataError, match=message):
        load_table(folder, "annotations", tmp_path / "quarantine")


def test_times_without_zone_are_refused(source_tables: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(source_tables, tmp_path / "tables")
    rows = pd.read_parquet(folder / "chat_logs.parquet")
    rows.assign(timestamp=rows["timestamp"].dt.tz_localize(None)).to_parquet(folder / "chat_logs.parquet", index=False)
    with pytest.raises(DataError, match="column timestamp is of type"):
        load_table(folder, "chat_logs", tmp_path / "quarantine")


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "feedback.jsonl").touch()
    with pytest.raises(DataError, match="has no rows"):
        load_table(tmp_path, "feedback", tmp_path / "quarantine")


@pytest.mark.parametrize("name", ["feedback.parquet", "feedback.jsonl.gz"])
def test_a_broken_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"neither")
    with pytest.raises(DataError, match=f"cannot read .*{name}"):
        load_table(tmp_path, "feedback", tmp_path / "quarantine")
