"""JSON lines as a Daft source that no bad line can stop: each line becomes a typed row, or the reason why it is none.

Daft's own JSON reader gives up on the first line that is not JSON or not UTF-8.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import IOBase
from itertools import islice
from typing import Any, Final

import daft
import pyarrow as pa
from daft import DataType, Schema
from daft.io import DataSource, DataSourceTask, IOConfig
from daft.recordbatch import RecordBatch

from synapse_pipelines.data.columns import Column

_LINES_PER_BATCH: Final = 8_192

FILE, ROW, RAW, PROBLEM = "_file", "_row", "_raw", "_problem"
"""Besides the table's columns: the file, the line's number from 1, the line itself, and why it is not a row, if so."""


@dataclass(frozen=True)
class JsonLines(DataSource):
    """The lines of some files, in the columns of a table; null where a line does not have the value."""

    paths: Sequence[str]
    columns: tuple[Column, ...]
    io_config: IOConfig

    @property
    def name(self) -> str:
        """Name in Daft's plans."""
        return "JSON lines"

    @property
    def schema(self) -> Schema:
        """The table's columns, then `FILE`, `ROW`, `RAW` and `PROBLEM`."""
        types = {column.name: column.dtype for column in self.columns}
        text = DataType.string()
        return Schema.from_pydict(types | {FILE: text, ROW: DataType.int64(), RAW: text, PROBLEM: text})

    async def get_tasks(self, pushdowns: Any) -> AsyncIterator[DataSourceTask]:  # noqa: ARG002  (Daft's interface)
        """Yield one task for each file."""
        for path in self.paths:
            yield _File(path, self)


@dataclass(frozen=True)
class _File(DataSourceTask):
    path: str
    source: JsonLines

    @property
    def schema(self) -> Schema:
        return self.source.schema

    async def read(self) -> AsyncIterator[RecordBatch]:
        with _open(self.path, self.source.io_config) as stream:
            numbered = ((number, line) for number, line in enumerate(stream, start=1) if line.strip())
            while batch := list(islice(numbered, _LINES_PER_BATCH)):
                yield self._batch(batch)

    def _batch(self, lines: list[tuple[int, bytes]]) -> RecordBatch:
        rows = [parse_line(line, self.source.columns) for _, line in lines]
        values: dict[str, Any] = {
            column.name: [row.get(column.name) for row, _ in rows] for column in self.source.columns
        }
        values[FILE] = [self.path] * len(lines)
        values[ROW] = [number for number, _ in lines]
        # A line may be broken JSON or not even UTF-8: keep it as text that still shows every byte.
        values[RAW] = [line.decode("utf-8", "backslashreplace").rstrip("\r\n") for _, line in lines]
        values[PROBLEM] = [problem for _, problem in rows]
        return RecordBatch.from_arrow_table(pa.table(values, schema=self.schema.to_pyarrow_schema()))


@contextmanager
def _open(path: str, io_config: IOConfig) -> Iterator[IOBase]:
    with daft.open_file(path, "rb", io_config=io_config) as stream:
        if path.endswith(".gz"):
            with gzip.open(stream) as unpacked:
                yield unpacked
        else:
            yield stream


def parse_line(line: bytes, columns: tuple[Column, ...]) -> tuple[dict[str, Any], str | None]:
    """Return the values of a line by column, and why it is not a row of these columns, if so."""
    try:
        row = json.loads(line)
    except ValueError:  # not UTF-8 is one, too
        return {}, "the line is not JSON"
    if not isinstance(row, dict):
        return {}, "the line is not a JSON object"
    values: dict[str, Any] = {}
    for column in columns:
        if column.name not in row:
            return {}, f"{column.name}: is missing"
        try:
            values[column.name] = column.value_of(row.pop(column.name))
        except ValueError as error:
            return {}, f"{column.name}: {error}"
    if row:
        return {}, f"{min(row)[:40]}: is not a column of this table"
    return values, None
