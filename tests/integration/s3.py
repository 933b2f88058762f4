"""A real S3 server (SeaweedFS) on free ports of loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from synapse_common.ports import HOST, free_port
from synapse_common.testing import eventually

ACCESS_KEY = "synapse-tests"
SECRET_KEY = "made-up-secret-of-tests"
REGION = "us-east-1"


@dataclass(frozen=True)
class S3Server:
    """A running server with one empty bucket."""

    endpoint: str
    bucket: str

    @property
    def settings(self) -> dict[str, str]:
        """Environment that makes Synapse use this server."""
        return {
            "SYNAPSE_S3_ENDPOINT": self.endpoint,
            "SYNAPSE_S3_REGION": REGION,
            "SYNAPSE_S3_ACCESS_KEY_ID": ACCESS_KEY,
            "SYNAPSE_S3_SECRET_ACCESS_KEY": SECRET_KEY,
        }

    def keys(self, prefix: str = "") -> list[str]:
        """Keys of the objects in the bucket."""
        pages = _client(self.endpoint).get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def upload(self, file: Path, key: str) -> str:
        """Put `file` into the bucket as `key`; returns its ``s3://`` address."""
        _client(self.endpoint).upload_file(str(file), self.bucket, key)
        return f"s3://{self.bucket}/{key}"


@contextmanager
def running_s3(folder: Path, bucket: str = "synapse") -> Iterator[S3Server]:
    """Start the server with its data in `folder`; it knows one user and refuses everybody else.

    Raises:
        TimeoutError: it did not answer in time; its log is in ``<folder>/weed.log``.
    """
    credentials = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
    users = {"identities": [{"name": "tests", "credentials": credentials, "actions": ["Admin"]}]}
    (folder / "users.json").write_text(json.dumps(users), encoding="utf-8")
    port = free_port()
    command = [str(Path(sys.executable).with_name("weed")), "mini", f"-dir={folder}", f"-ip={HOST}", f"-ip.bind={HOST}"]
    command += [f"-s3.config={folder / 'users.json'}", "-webdav=false", "-admin.ui=false", f"-bucket={bucket}"]
    command += [f"-s3.port={port}", f"-s3.port.grpc={free_port()}", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    for part in ("master", "volume", "filer", "admin"):
        command += [f"-{part}.port={free_port()}", f"-{part}.port.grpc={free_port()}"]
    # It must not meet settings of the person who runs the tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "S3_"))}
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, env=environment)
    server = S3Server(f"http://{HOST}:{port}", bucket)
    try:
        eventually(lambda: _is_ready(server), timeout_s=60)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_ready(server: S3Server) -> bool:
    try:
        _client(server.endpoint).head_bucket(Bucket=server.bucket)
    except (BotoCoreError, ClientError):
        return False
    return True


def _client(endpoint: str) -> boto3.client:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10),
    )
