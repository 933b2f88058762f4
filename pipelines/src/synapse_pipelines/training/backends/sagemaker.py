"""Training as a SageMaker training job, data and model exchanged by way of S3."""

from __future__ import annotations

import contextlib
import tarfile
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from synapse_pipelines.errors import TrainingError
from synapse_pipelines.progress import Event, OnEvent
from synapse_pipelines.training.backends.base import TrainingJob, load_summary
from synapse_pipelines.training.backends.settings import SageMakerTraining
from synapse_pipelines.training.backends.staging import fetch_file, put_job, staged
from synapse_pipelines.training.backends.termination import stopped_by_termination
from synapse_pipelines.training.train import TrainingSummary

CHANNEL: Final = "job"
_ENTRY: Final = "synapse_pipelines.training.backends.sagemaker_entry"


class _JobEndedError(Exception):
    """The job ended without a model."""


class SageMakerBackend:
    """Runs a training job and waits for it."""

    def __init__(self, settings: SageMakerTraining) -> None:
        self._settings = settings

    def run(self, job: TrainingJob, on_event: OnEvent) -> TrainingSummary:
        """Train; see `TrainingBackend`. However it ends, SIGTERM included, no job runs on and staged files are removed.

        Checkpoints stay, for the next job to go on from.
        """
        name = f"synapse-training-{uuid.uuid4().hex[:12]}"
        address = f"{self._settings.staging.rstrip('/')}/{name}"
        client = boto3.client("sagemaker", region_name=self._settings.region, endpoint_url=self._settings.endpoint)
        with stopped_by_termination(), staged(address, on_event):
            on_event(Event("train", "running", f"uploading to {address}"))
            encoder = put_job(job, address).removeprefix(f"{address}/")
            try:
                client.create_training_job(**self._request(name, address, encoder))
                artefact = self._wait(client, name, on_event)
            except _JobEndedError as error:
                raise TrainingError(str(error)) from None
            except BaseException as error:
                # Nobody waits for the job any more. The service refuses where it was not made.
                with contextlib.suppress(BotoCoreError, ClientError):
                    client.stop_training_job(TrainingJobName=name)
                if isinstance(error, BotoCoreError | ClientError):
                    raise TrainingError(f"SageMaker: {error}") from error
                raise
            with tempfile.TemporaryDirectory() as folder:
                archive = Path(folder) / "model.tar.gz"
                fetch_file(artefact, archive)
                with tarfile.open(archive) as opened:
                    opened.extractall(job.out, filter="data")
        return load_summary(job.out)

    def _request(self, name: str, address: str, encoder: str) -> dict[str, Any]:
        settings = self._settings
        return {
            "TrainingJobName": name,
            "RoleArn": settings.role_arn,
            "AlgorithmSpecification": {
                "TrainingImage": settings.image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["python", "-m", _ENTRY],
                "ContainerArguments": ["--base-encoder", encoder],
            },
            "InputDataConfig": [
                {
                    "ChannelName": CHANNEL,
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri": f"{address}/",
                            "S3DataDistributionType": "FullyReplicated",
                        }
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"{address}/output"},
            # SageMaker copies checkpoints to S3 as they are written, and back into the job that goes on from them.
            "CheckpointConfig": {"S3Uri": f"{settings.staging.rstrip('/')}/checkpoints"},
            "ResourceConfig": {
                "InstanceType": settings.instance_type,
                "InstanceCount": settings.instances,
                "VolumeSizeInGB": settings.volume_gb,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": int(settings.timeout_hours * 3600)},
        }

    def _wait(self, client: Any, name: str, on_event: OnEvent) -> str:
        """Return the address of the model's archive once the job is done."""
        told = ""
        while True:
            found = client.describe_training_job(TrainingJobName=name)
            status, detail = found["TrainingJobStatus"], found.get("SecondaryStatus", "")
            if status == "Completed":
                artefact: str = found["ModelArtifacts"]["S3ModelArtifacts"]
                return artefact
            if status in ("Failed", "Stopped"):
                reason = found.get("FailureReason") or f"SageMaker training job {name} ended as {status}"
                raise _JobEndedError(reason.removeprefix("AlgorithmError: "))
            if detail != told:
                told = detail
                on_event(Event("train", "running", f"SageMaker training job {name}: {detail}"))
            time.sleep(self._settings.poll_seconds)
