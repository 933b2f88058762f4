"""How ``s3://`` addresses are reached: one set of settings, for Daft and for boto3."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import boto3
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from daft.io import IOConfig, S3Config
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict
from synapse_common.settings import SynapseSettings, load_settings

from synapse_pipelines.errors import DataError

Location = Path | str
"""A folder, or an address such as ``s3://bucket/prefix``."""


_MISSING: Final = ("404", "NoSuchKey")


class S3Settings(SynapseSettings):
    """How to reach S3, from ``SYNAPSE_S3_*``. What is not set here, AWS's own chain of settings decides."""

    model_config = SettingsConfigDict(env_prefix="SYNAPSE_S3_")

    endpoint: str | None = Field(None, description="address of the S3 service; null: AWS")
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None

    @property
    def secret(self) -> str | None:
        """The secret access key in the clear."""
        return self.secret_access_key.get_secret_value() if self.secret_access_key else None

    @property
    def token(self) -> str | None:
        """The session token in the clear."""
        return self.session_token.get_secret_value() if self.session_token else None


def is_remote(location: Location) -> bool:
    """Whether `location` is an address in an object store."""
    return str(location).startswith("s3://")


def split_address(address: str) -> tuple[str, str]:
    """Return the bucket and the key of an ``s3://`` address."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key


def io_config() -> IOConfig:
    """Return what Daft needs to know to read and write ``s3://`` addresses."""
    settings = load_settings(S3Settings)
    return IOConfig(
        s3=S3Config(
            endpoint_url=settings.endpoint,
            region_name=settings.region,
            key_id=settings.access_key_id,
            access_key=settings.secret,
            session_token=settings.token,
            use_ssl=not (settings.endpoint or "").startswith("http://"),
        )
    )


def s3_client() -> Any:
    """Return boto3's client for what Daft does not do: entity tags, deletion, uploads."""
    settings = load_settings(S3Settings)
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret,
        aws_session_token=settings.token,
    )


def files_at_hand(location: Location, names: Sequence[str], scratch: Path) -> Path:
    """Return a folder with those of the files `names` that `location` has: itself, or `scratch` with what is fetched.

    A file that is not there is left out, as it is in a folder.

    Raises:
        DataError: the object store cannot be read.
    """
    if not is_remote(location):
        return Path(location)
    scratch.mkdir(parents=True, exist_ok=True)
    bucket, prefix = split_address(str(location).rstrip("/"))
    try:
        client = s3_client()
        for name in names:
            _fetch(client, bucket, f"{prefix}/{name}".lstrip("/"), scratch / name)
    except (Boto3Error, BotoCoreError, ClientError) as error:
        raise DataError(f"cannot read {location}: {error}") from error
    return scratch


def remove_objects(address: str) -> None:
    """Remove what lies under the ``s3://`` address `address`."""
    bucket, prefix = split_address(address)
    client = s3_client()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        for item in page.get("Contents", []):
            client.delete_object(Bucket=bucket, Key=item["Key"])


def _fetch(client: Any, bucket: str, key: str, file: Path) -> None:
    try:
        client.download_file(bucket, key, str(file))
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
