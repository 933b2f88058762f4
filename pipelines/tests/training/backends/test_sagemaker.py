"""A training job from request to model. The API is moto's; in front of it stands what moto lacks: jobs that run."""

import dataclasses
import http.client
import json
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from synapse_pipelines.errors import StoppedError, TrainingError
from synapse_pipelines.progress import Event, ignore
from synapse_pipelines.training.backends.base import TrainingJob
from synapse_pipelines.training.backends.sagemaker import SageMakerBackend
from synapse_pipelines.training.backends.settings import SageMakerTraining
from synapse_pipelines.training.backends.staging import fetch_folder, put_folder

Stage = Callable[[], list[str]]
pytestmark = pytest.mark.integration


class Jobs(BaseHTTPRequestHandler):
    """Passes calls on to moto, and runs each job's container as SageMaker would: its files in, its model out."""

    moto: ClassVar[str]
    folder: ClassVar[Path]
    requests: ClassVar[dict[str, dict[str, Any]]]
    runs: ClassVar[dict[str, threading.Thread]]
    failures: ClassVar[dict[str, str]]
    processes: ClassVar[dict[str, "subprocess.Popen[bytes]"]]
    stopped: ClassVar[list[str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["X-Amz-Target"] == "SageMaker.StopTrainingJob":
            name = json.loads(body)["TrainingJobName"]
            self.stopped.append(name)
            self.processes[name].terminate()
            self.answer(200, {})
            return
        backend = http.client.HTTPConnection(self.moto.removeprefix("http://"))
        backend.request("POST", "/", body, dict(self.headers))
        answer = backend.getresponse()
        status, content = answer.status, json.loads(answer.read())
        backend.close()
        request = json.loads(body)
        if status == 200 and self.headers["X-Amz-Target"] == "SageMaker.CreateTrainingJob":
            self.requests[request["TrainingJobName"]] = request
            run = threading.Thread(target=self.execute, args=(request,))
            self.runs[request["TrainingJobName"]] = run
            run.start()
        elif status == 200:
            name = request["TrainingJobName"]
            if self.runs[name].is_alive():
                detail = "Training" if name in self.processes else "Downloading"
                content |= {"TrainingJobStatus": "InProgress", "SecondaryStatus": detail}
            elif name in self.failures:
                content |= {"TrainingJobStatus": "Failed", "FailureReason": f"AlgorithmError: {self.failures[name]}"}
        self.answer(status, content)

    def answer(self, status: int, content: dict[str, Any]) -> None:
        sent = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def execute(self, request: dict[str, Any]) -> None:
        name, algorithm = request["TrainingJobName"], request["AlgorithmSpecification"]
        root = self.folder / name
        for channel in request["InputDataConfig"]:
            source = channel["DataSource"]["S3DataSource"]["S3Uri"]
            fetch_folder(source, root / "input" / "data" / channel["ChannelName"])
        config = root / "input" / "config" / "resourceconfig.json"
        config.parent.mkdir()
        config.write_text(json.dumps({"current_host": "localhost", "hosts": ["localhost"]}))
        command = [sys.executable, *algorithm["ContainerEntrypoint"][1:], *algorithm["ContainerArguments"]]
        with subprocess.Popen([*command, "--root", str(root)], stdout=subprocess.DEVNULL) as process:
            self.processes[name] = process
        if name in self.stopped:
            return
        if process.returncode != 0:
            self.failures[name] = (root / "output" / "failure").read_text()
            return
        archive = root / "upload" / "model.tar.gz"
        archive.parent.mkdir()
        with tarfile.open(archive, "w:gz") as opened:
            opened.add(root / "model", arcname=".")
        put_folder(archive.parent, f"{request['OutputDataConfig']['S3OutputPath']}/{name}/output")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def backend(aws: str, tmp_path: Path) -> Iterator[SageMakerBackend]:
    Jobs.moto, Jobs.folder = aws, tmp_path / "jobs"
    Jobs.requests, Jobs.runs, Jobs.failures, Jobs.processes, Jobs.stopped = {}, {}, {}, {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Jobs)
    threading.Thread(target=server.serve_forever).start()
    yield SageMakerBackend(
        SageMakerTraining(
            image="registry/pipelines:1",
            role_arn="arn:aws:iam::123456789012:role/train",
            staging="s3://stage/training/",
            endpoint=f"http://127.0.0.1:{server.server_port}",
            instances=1,
            poll_seconds=0.05,
        )
    )
    for run in Jobs.runs.values():
        run.join()
    server.shutdown()
    server.server_close()


def test_a_training_job_leaves_the_model_here(backend: SageMakerBackend, job: TrainingJob, stage: Stage) -> None:
    events: list[Event] = []
    summary = backend.run(job, events.append)
    assert summary.stopped == "all epochs done"
    assert summary.base_encoder == Path(job.base_encoder).name
    assert (job.out / "model" / "model.safetensors").is_file()
    assert (job.out / "thresholds.json").is_file()
    assert any(event.message.endswith(": Training") for event in events)
    (request,) = Jobs.requests.values()
    assert request["ResourceConfig"] == {"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 1, "VolumeSizeInGB": 100}
    assert request["CheckpointConfig"] == {"S3Uri": "s3://stage/training/checkpoints"}
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 43200}
    assert all(len(argument) <= 256 for argument in request["AlgorithmSpecification"]["ContainerArguments"])
    assert stage() == []
    assert Jobs.stopped == []


def test_a_step_that_is_ended_stops_its_job(backend: SageMakerBackend, job: TrainingJob, stage: Stage) -> None:
    def end_while_training(event: Event) -> None:
        if event.message.endswith(": Training"):
            signal.raise_signal(signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    recipe = job.recipe.model_copy(update={"epochs": 400})
    with pytest.raises(StoppedError, match="stopped by SIGTERM"):
        backend.run(dataclasses.replace(job, recipe=recipe), end_while_training)
    assert Jobs.stopped == list(Jobs.requests)
    assert stage() == []
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_job_s_failure_is_told_in_its_words(backend: SageMakerBackend, job: TrainingJob, stage: Stage) -> None:
    recipe = job.recipe.model_copy(update={"layers": 9})
    with pytest.raises(TrainingError, match=r"has 2 layers; asked to keep 9") as told:
        backend.run(dataclasses.replace(job, recipe=recipe), ignore)
    assert "AlgorithmError" not in str(told.value)
    assert stage() == []
    assert Jobs.stopped == []


@pytest.mark.usefixtures("aws")
def test_a_service_that_is_not_there_is_told(job: TrainingJob) -> None:
    settings = SageMakerTraining(
        image="i", role_arn="arn", staging="s3://stage/t", endpoint="http://127.0.0.1:1", poll_seconds=0.05
    )
    with pytest.raises(TrainingError, match="SageMaker: "):
        SageMakerBackend(settings).run(job, ignore)
