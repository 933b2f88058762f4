"""The three source tables in a folder, as parquet, JSON lines or gzipped JSON lines."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from synapse_common.schemas import AnnotationRow, ChatLogRow, FeedbackRow, SourceRow

from synapse_pipelines.errors import DataError

TABLES: Final[dict[str, type[SourceRow]]] = {
    "annotations": AnnotationRow,
    "chat_logs": ChatLogRow,
    "feedback": FeedbackRow,
}
_SUFFIXES: Final = (".parquet", ".jsonl", ".jsonl.gz")

RawRow = dict[str, Any] | bytes
"""A row as read: the columns of a parquet row, or one undecoded line of JSON."""


def find_table(folder: Path, table: str) -> Path:
    """Return the file of `table` in `folder`.

    Raises:
        DataError: the folder or the table is not there.
    """
    if not folder.is_dir():
        raise DataError(
            f"the data folder {folder} does not exist; set SYNAPSE_DATA_DIR or leave it out to generate data"
        )
    for suffix in _SUFFIXES:
        if (file := folder / f"{table}{suffix}").is_file():
            return file
    raise DataError(f"{folder} has no table {table}: expected one of {', '.join(table + s for s in _SUFFIXES)}")


def read_rows(file: Path) -> Iterator[RawRow]:
    """Yield the rows of `file` unchecked.

    Raises:
        DataError: the file as a whole cannot be read.
    """
    try:
        if file.suffix == ".parquet":
            for batch in pq.ParquetFile(file).iter_batches():
                yield from batch.to_pylist()
        else:
            with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
                yield from (line for line in stream if line.strip())
    except (pa.ArrowException, OSError, EOFError) as error:
        raise DataError(f"cannot read {file}: {error}") from error


def data_version(folder: Path) -> str:
    """Return a hash (12 hex digits) of the content of the three tables in `folder`."""
    digest = hashlib.sha256()
    for table in TABLES:
        with find_table(folder, table).open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:12]
