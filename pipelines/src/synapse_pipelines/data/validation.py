"""Validation of whole columns: a row that does not fit its schema goes to quarantine with the reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import daft
import pyarrow as pa
import pyarrow.parquet as pq
from daft import DataFrame, DataType, col, lit
from daft.functions import coalesce

from synapse_pipelines.data.columns import columns_of, reason_why_not
from synapse_pipelines.data.engine import explained, start_engine
from synapse_pipelines.data.jsonlines import FILE, PROBLEM, RAW, ROW, JsonLines
from synapse_pipelines.data.sources import TABLES, TableFiles, find_table
from synapse_pipelines.data.storage import Location, io_config
from synapse_pipelines.errors import DataError

MAX_QUARANTINED_SHARE = 0.5
"""Above this share the table itself must be wrong (a renamed column, another format), and nothing is trained on it."""

_REASON: Final = "_reason"
_QUARANTINE: Final = pa.schema(
    [("file", pa.string()), ("row", pa.int64()), ("reason", pa.string()), ("content", pa.string())]
)


@dataclass(frozen=True)
class ValidTable:
    """The rows of one table that fit its schema, not read yet, and why the others do not."""

    rows: DataFrame
    count: int
    """Number of rows that fit."""
    quarantined: dict[str, int]
    """Number of quarantined rows by reason."""

    @property
    def total(self) -> int:
        """Number of rows that came in."""
        return self.count + sum(self.quarantined.values())


def load_table(location: Location, table: str, quarantine: Path) -> ValidTable:
    """Validate every row of `table` at `location`; write those that do not fit to ``<quarantine>/<table>.parquet``.

    Quarantined rows keep their file, their line (JSON lines only), the reason, and their content as JSON.

    Raises:
        DataError: the table is missing, unreadable, empty, mostly invalid, or a Parquet file of it has not the columns
            and types of the schema.
    """
    start_engine()
    model = TABLES[table]
    files = find_table(location, table)
    names = [column.name for column in columns_of(model)]
    with explained(f"read {files}"):
        rows = _scan(files)
        rows = rows.with_column(_REASON, coalesce(col(PROBLEM), reason_why_not(model)))
        counted = rows.groupby(_REASON).agg(col(names[0]).count("all").alias("n")).to_pydict()
        counts = dict(sorted(zip(counted[_REASON], counted["n"], strict=True), key=lambda item: item[0] or ""))
        good = counts.pop(None, 0)
        bad = rows.where(col(_REASON).not_null())
        _write_quarantine(bad, quarantine / f"{table}.parquet", names, empty=not counts)
    total = good + sum(counts.values())
    if total == 0:
        raise DataError(f"{files} has no rows")
    if total - good > MAX_QUARANTINED_SHARE * total:
        reason, count = max(counts.items(), key=lambda item: item[1])
        raise DataError(
            f"{total - good} of {total} rows of {files} do not fit the schema; most often ({count}): {reason}"
        )
    return ValidTable(rows.where(col(_REASON).is_null()).select(*names), good, counts)


def _scan(files: TableFiles) -> DataFrame:
    columns = columns_of(TABLES[files.table])
    if files.suffix != ".parquet":
        return JsonLines(files.paths, columns, io_config()).read()
    for path in files.paths:
        _check_schema(path, files.table)
    rows = daft.read_parquet(list(files.paths), io_config=io_config(), file_path_column=FILE)
    return rows.select(
        *(col(column.name).cast(column.dtype) for column in columns),
        lit(None).cast(DataType.int64()).alias(ROW),
        lit(None).cast(DataType.string()).alias(RAW),
        lit(None).cast(DataType.string()).alias(PROBLEM),
        FILE,
    )


def _check_schema(path: str, table: str) -> None:
    found = {field.name: field.dtype for field in daft.read_parquet(path, io_config=io_config()).schema()}
    columns = {column.name: column for column in columns_of(TABLES[table])}
    if missing := [name for name in columns if name not in found]:
        raise DataError(f"{path} has no column {missing[0]}; {table} needs: {', '.join(columns)}")
    if surplus := [name for name in found if name not in columns]:
        raise DataError(
            f"{path} has a column {surplus[0]}, which {table} does not know; it knows: {', '.join(columns)}"
        )
    for name, column in columns.items():
        if not column.accepts(found[name]):
            raise DataError(f"{path}: column {name} is of type {found[name]}, not {column.kind}")


def _write_quarantine(bad: DataFrame, file: Path, names: list[str], *, empty: bool) -> None:
    """Write row by row, so that no number of bad rows fills the memory."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(file, _QUARANTINE) as writer:
        if empty:
            return
        for part in bad.select(FILE, ROW, RAW, _REASON, *names).to_arrow_iter():
            writer.write_batch(pa.RecordBatch.from_pylist([_kept(row, names) for row in part.to_pylist()], _QUARANTINE))


def _kept(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    content = row[RAW]
    if content is None:
        content = json.dumps({name: row[name] for name in names}, default=str, ensure_ascii=False)
    return {"file": row[FILE], "row": row[ROW], "reason": row[_REASON], "content": content}
