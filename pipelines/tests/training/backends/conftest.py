from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.backends.base import TrainingJob


@pytest.fixture
def job(dataset: Path, quick: Recipe, small_encoder: Path, tmp_path: Path) -> TrainingJob:
    changes = {"epochs": 4, "accumulation": 2, "evaluations": 2, "dropout": 0.0}
    return TrainingJob(dataset, quick.model_copy(update=changes), str(small_encoder), tmp_path / "out")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with the APIs of AWS on loopback and an empty bucket ``stage``; S3 is reached there."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    monkeypatch.setenv("SYNAPSE_S3_ENDPOINT", address)
    for name, value in (("ACCESS_KEY_ID", "k"), ("SECRET_ACCESS_KEY", "s"), ("REGION", "us-east-1")):
        monkeypatch.setenv(f"SYNAPSE_S3_{name}", value)
        monkeypatch.setenv(f"AWS_{name}".replace("REGION", "DEFAULT_REGION"), value)
    boto3.client("s3", endpoint_url=address).create_bucket(Bucket="stage")
    yield address
    server.stop()


@pytest.fixture
def stage(aws: str) -> Callable[[], list[str]]:
    """Gives the keys of the objects in the bucket."""
    client = boto3.client("s3", endpoint_url=aws)
    return lambda: [item["Key"] for item in client.list_objects_v2(Bucket="stage").get("Contents", [])]
