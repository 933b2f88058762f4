"""The exchange of a training's input and output with the machines that train, by way of S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from synapse_pipelines.data.storage import remove_objects, s3_client, split_address
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.progress import Event, OnEvent
from synapse_pipelines.training.backends.base import TrainingJob


def put_job(job: TrainingJob, address: str) -> str:
    """Upload what `job` reads to ``dataset/``, ``encoder/<name>/`` and ``recipe.json`` under `address`.

    Returns:
        the base encoder as the training will find it: its address, or its Hugging Face id, which is not uploaded.

    Raises:
        TrainingError: the store cannot be written.
    """
    put_folder(job.dataset, f"{address}/dataset")
    bucket, key = split_address(f"{address}/recipe.json")
    with _told(address):
        s3_client().put_object(Bucket=bucket, Key=key, Body=job.recipe.model_dump_json().encode())
    encoder = Path(job.base_encoder)
    if not encoder.is_dir():
        return job.base_encoder
    put_folder(encoder, f"{address}/encoder/{encoder.name}")
    return f"{address}/encoder/{encoder.name}"


@contextmanager
def staged(address: str, on_event: OnEvent) -> Iterator[None]:
    """Remove what lies under `address` at the end of the block, however it ends."""
    try:
        yield
    finally:
        try:
            remove_objects(address)
        except (Boto3Error, BotoCoreError, ClientError) as error:
            # No model that was trained is lost because something could not be tidied away.
            on_event(Event("train", "running", f"{address} is still there, it could not be removed: {error}"))


def put_folder(folder: Path, address: str) -> None:
    """Upload the files in `folder` under `address`."""
    bucket, prefix = split_address(address)
    with _told(address):
        client = s3_client()
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            client.upload_file(str(file), bucket, f"{prefix}/{file.relative_to(folder).as_posix()}")


def fetch_folder(address: str, folder: Path) -> None:
    """Download what lies under `address` into `folder`.

    Raises:
        TrainingError: there is nothing, or the store cannot be read.
    """
    bucket, prefix = split_address(f"{address.rstrip('/')}/")
    with _told(address):
        client = s3_client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        for key in keys:
            target = folder / key.removeprefix(prefix)
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, key, str(target))
    if not keys:
        raise TrainingError(f"there is nothing under {address}")


def fetch_file(address: str, file: Path) -> None:
    """Download the object at `address` to `file`."""
    bucket, key = split_address(address)
    file.parent.mkdir(parents=True, exist_ok=True)
    with _told(address):
        s3_client().download_file(bucket, key, str(file))


@contextmanager
def _told(address: str) -> Iterator[None]:
    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as error:
        raise TrainingError(f"the object store refused {address}: {error}") from error
