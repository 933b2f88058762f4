"""Intermediate tables on disk or in S3, in buckets that each fit into memory, so that the whole need not."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import daft
from daft import DataFrame, Expression, Schema, col, lit

from synapse_pipelines.data.engine import explained
from synapse_pipelines.data.storage import io_config, is_remote, remove_objects

_BUCKET = "bucket"


@dataclass(frozen=True)
class Staged:
    """A table that was written in buckets."""

    schema: Schema
    files: dict[int, list[str]]
    """Files by bucket; a bucket without rows has none."""

    @property
    def all(self) -> DataFrame:
        """The whole table, in no particular order."""
        return self._read([file for files in self.files.values() for file in files])

    def buckets(self) -> Iterator[tuple[int, DataFrame]]:
        """Every bucket with its number, in order."""
        for number in sorted(self.files):
            yield number, self._read(self.files[number])

    def _read(self, files: list[str]) -> DataFrame:
        if not files:
            return daft.from_arrow(self.schema.to_pyarrow_schema().empty_table())
        return daft.read_parquet(files, io_config=io_config())


@dataclass(frozen=True)
class Stage:
    """A place for intermediate tables."""

    root: str

    def write(self, rows: DataFrame, name: str, by: Expression, buckets: int) -> Staged:
        """Write `rows` as the table `name`; rows with an equal hash `by` (unsigned) are in one bucket."""
        bucket = (by % lit(buckets)).alias(_BUCKET)
        with explained(f"write intermediate tables to {self._place}"):
            written = rows.with_column(_BUCKET, bucket).write_parquet(
                f"{self.root}/{name}", partition_cols=[col(_BUCKET)], io_config=io_config()
            )
        files: dict[int, list[str]] = {}
        found = written.to_pydict()
        for number, file in sorted(zip(found.get(_BUCKET, ()), found["path"], strict=True)):
            files.setdefault(number, []).append(self._address(file))
        return Staged(rows.schema(), files)

    def write_bucket(self, rows: DataFrame, name: str, number: int) -> list[str]:
        """Write `rows` as one bucket of the table `name` and return its files."""
        with explained(f"write intermediate tables to {self._place}"):
            written = rows.write_parquet(f"{self.root}/{name}/{_BUCKET}={number}", io_config=io_config())
        return sorted(map(self._address, written.to_pydict()["path"]))

    @property
    def _place(self) -> str:
        """Where tables go and what is free there: of a full disk, Daft tells only that its writer has stopped."""
        if is_remote(self.root):
            return self.root
        folder = Path(self.root).parent
        return f"{folder} ({shutil.disk_usage(folder).free // 2**20:,} MiB free)"

    def _address(self, path: str) -> str:
        """Daft names the objects that it wrote without ``s3://``."""
        return f"s3://{path.removeprefix('s3://')}" if is_remote(self.root) else path


@contextmanager
def open_stage(root: str) -> Iterator[Stage]:
    """Give a fresh place below `root` (a folder or an ``s3://`` address) for the time of a ``with`` block."""
    place = f"{root.rstrip('/')}/stage-{uuid.uuid4().hex[:12]}"
    try:
        yield Stage(place)
    finally:
        _remove(place)


def _remove(place: str) -> None:
    if is_remote(place):
        remove_objects(place)
    else:
        shutil.rmtree(Path(place), ignore_errors=True)
