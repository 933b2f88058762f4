"""The three source tables, in a folder or under an ``s3://`` address, as Parquet, JSON lines or gzipped JSON lines."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from synapse_common.schemas import AnnotationRow, ChatLogRow, FeedbackRow, SourceRow

from synapse_pipelines.data.storage import Location, is_remote, s3_client, split_address
from synapse_pipelines.errors import DataError

TABLES: Final[dict[str, type[SourceRow]]] = {
    "annotations": AnnotationRow,
    "chat_logs": ChatLogRow,
    "feedback": FeedbackRow,
}
_SUFFIXES: Final = (".parquet", ".jsonl", ".jsonl.gz")


@dataclass(frozen=True)
class TableFiles:
    """The files of one table: ``<table><suffix>`` itself, or the parts in a folder ``<table>/``."""

    table: str
    suffix: str
    paths: tuple[str, ...]

    def __str__(self) -> str:
        return self.paths[0] if len(self.paths) == 1 else f"{self.table} ({len(self.paths)} files)"


def find_table(location: Location, table: str) -> TableFiles:
    """Return the files of `table` at `location`.

    Raises:
        DataError: the location or the table is not there, or the table is there in two formats.
    """
    names = _list(location, table)
    found = {
        suffix: tuple(sorted(name for name in names if name.endswith(suffix) and _belongs(name, table, suffix)))
        for suffix in _SUFFIXES
    }
    formats = [suffix for suffix, paths in found.items() if paths]
    if not formats:
        expected = ", ".join(f"{table}{suffix}" for suffix in _SUFFIXES)
        raise DataError(f"{location} has no table {table}: expected one of {expected}, or a folder {table} of such")
    if len(formats) > 1:
        raise DataError(f"{location} has the table {table} as {' and as '.join(formats)}: keep one")
    return TableFiles(table, formats[0], found[formats[0]])


def data_version(location: Location, lists: Sequence[str] = ()) -> str:
    """Return a hash (12 hex digits) of the three tables at `location` and of those of the files `lists` beside them.

    Objects in S3 are told apart by the entity tags that the service gives to their content; nothing is downloaded.
    """
    digest = hashlib.sha256()
    for table in TABLES:
        for path in find_table(location, table).paths:
            digest.update(_content(path))
    for name in lists:
        for path in _list(location, Path(name).stem):
            if path.endswith(f"/{name}"):
                digest.update(name.encode() + _content(path))
    return digest.hexdigest()[:12]


def _list(location: Location, table: str) -> list[str]:
    if not is_remote(location):
        folder = Path(location)
        if not folder.is_dir():
            raise DataError(
                f"the data folder {folder} does not exist; set SYNAPSE_DATA_DIR or leave it out to generate data"
            )
        return [str(file) for where in (f"{table}.*", f"{table}/*") for file in folder.glob(where) if file.is_file()]
    bucket, prefix = split_address(f"{str(location).rstrip('/')}/{table}")
    try:
        pages = s3_client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [f"s3://{bucket}/{item['Key']}" for page in pages for item in page.get("Contents", [])]
    except (BotoCoreError, ClientError) as error:
        raise DataError(f"cannot list {location}: {error}") from error


def _belongs(name: str, table: str, suffix: str) -> bool:
    *_, folder, file = name.split("/")
    return file == f"{table}{suffix}" or folder == table


def _content(path: str) -> bytes:
    return _entity_tag(path) if is_remote(path) else _content_hash(path)


def _content_hash(path: str) -> bytes:
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _entity_tag(path: str) -> bytes:
    bucket, key = split_address(path)
    try:
        head = s3_client().head_object(Bucket=bucket, Key=key)
    except (BotoCoreError, ClientError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    return f"{head['ETag']} {head['ContentLength']}".encode()
