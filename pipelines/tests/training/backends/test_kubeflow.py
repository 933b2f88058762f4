"""A TrainJob from request to model. The API server is one of our own that runs what a TrainJob says, node by node."""

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml
from synapse_pipelines.errors import StoppedError, TrainingError
from synapse_pipelines.progress import Event, ignore
from synapse_pipelines.training.backends.base import TrainingJob
from synapse_pipelines.training.backends.kubeflow import KubeflowBackend
from synapse_pipelines.training.backends.settings import KubeflowTraining

Stage = Callable[[], list[str]]
pytestmark = pytest.mark.integration
RELEASED_CRDS = Path("../shared/crds.tar.xz")
RUNTIME = {
    "apiVersion": "trainer.kubeflow.org/v1alpha1",
    "kind": "ClusterTrainingRuntime",
    "metadata": {"name": "torch-distributed", "labels": {"trainer.kubeflow.org/framework": "torch"}},
    "spec": {
        "mlPolicy": {"numNodes": 1, "torch": {"numProcPerNode": "auto"}},
        "template": {
            "spec": {
                "replicatedJobs": [
                    {
                        "name": "node",
                        "template": {
                            "metadata": {"labels": {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}},
                            "spec": {"template": {"spec": {"containers": [{"name": "node", "image": "torch"}]}}},
                        },
                    }
                ]
            }
        },
    },
}


class Cluster(BaseHTTPRequestHandler):
    """The calls that the SDK makes. A created TrainJob runs at once: torchrun for each node, as the operator does."""

    jobs: ClassVar[dict[str, dict[str, Any]]]
    nodes: ClassVar[dict[str, list["subprocess.Popen[str]"]]]
    folder: ClassVar[Path]
    secret: ClassVar[dict[str, str]]
    on_log: ClassVar[Callable[[], None]]

    def do_POST(self) -> None:
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        job["metadata"] |= {"namespace": "synapse", "creationTimestamp": "2026-01-01T00:00:00Z"}
        name, trainer = job["metadata"]["name"], job["spec"]["trainer"]
        self.jobs[name] = job
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        count = trainer["numNodes"]
        pod = job["spec"]["runtimePatches"][0]["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"][0]
        patched = pod["template"]["spec"]["template"]["spec"]["containers"][0].get("env", [])
        values = {item["name"]: self.secret[item["valueFrom"]["secretKeyRef"]["key"]] for item in patched}
        values |= {item["name"]: item["value"] for item in trainer.get("env", [])}
        self.nodes[name] = []
        for rank in range(count):
            operator = {"NNODES": count, "NPROC_PER_NODE": 1, "NODE_RANK": rank, "MASTER_ADDR": "127.0.0.1"}
            told = {f"PET_{key}": str(value) for key, value in (operator | {"MASTER_PORT": port}).items()}
            kept = {key: value for key, value in os.environ.items() if not key.startswith(("SYNAPSE_", "AWS_"))}
            with (self.folder / f"{name}-{rank}.log").open("w") as log:
                self.nodes[name].append(
                    subprocess.Popen(
                        [sys.executable, *trainer["command"][1:]],
                        env=kept | values | told | {"SYNAPSE_S3_REGION": "us-east-1"},
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        text=True,
                    )
                )
        self.answer(201, job)

    def do_GET(self) -> None:
        parts = urlsplit(self.path).path.strip("/").split("/")
        match parts[-2:]:
            case ["clustertrainingruntimes", "torch-distributed"]:
                self.answer(200, RUNTIME)
            case ["trainjobs", name]:
                self.answer(200, self.with_status(name))
            case [_, "pods"]:
                self.answer(
                    200, {"kind": "PodList", "apiVersion": "v1", "items": [self.pod(name) for name in self.jobs]}
                )
            case [pod, "log"]:
                self.on_log()
                for node in self.nodes[pod]:
                    node.wait()
                self.send_response(200)
                self.end_headers()
                self.wfile.write((self.folder / f"{pod}-0.log").read_bytes())
            case _:
                self.answer(404, {"kind": "Status", "code": 404})

    def do_DELETE(self) -> None:
        name = urlsplit(self.path).path.split("/")[-1]
        if self.jobs.pop(name, None) is None:
            self.answer(404, {"kind": "Status", "code": 404})
            return
        for node in self.nodes[name]:
            if node.poll() is None:
                node.terminate()
        self.answer(200, {})

    def with_status(self, name: str) -> dict[str, Any]:
        ends = [node.poll() for node in self.nodes[name]]
        if None in ends:
            return self.jobs[name]
        kind = "Failed" if any(ends) else "Complete"
        since = {"lastTransitionTime": "2026-01-01T00:00:00Z", "message": "", "reason": "Ended"}
        return self.jobs[name] | {"status": {"conditions": [{"type": kind, "status": "True"} | since]}}

    def pod(self, name: str) -> dict[str, Any]:
        labels = {"jobset.sigs.k8s.io/replicatedjob-name": "node", "batch.kubernetes.io/job-completion-index": "0"}
        return {
            "metadata": {"name": name, "labels": labels, "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"containers": [{"name": "node", "image": "i"}]},
            "status": {"phase": "Running"},
        }

    def answer(self, status: int, content: dict[str, Any]) -> None:
        sent = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def settings(aws: str, tmp_path: Path) -> Iterator[KubeflowTraining]:
    Cluster.jobs, Cluster.nodes, Cluster.folder = {}, {}, tmp_path
    Cluster.on_log = staticmethod(lambda: None)
    Cluster.secret = {"access_key_id": "k", "secret_access_key": "s"}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
    threading.Thread(target=server.serve_forever).start()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "clusters": [{"name": "test", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "test", "user": {}}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    yield KubeflowTraining(
        image="registry/pipelines:1",
        staging="s3://stage/training",
        nodes=2,
        s3_endpoint=aws,
        s3_secret="s3",
        kubeconfig=tmp_path / "kubeconfig",
        poll_seconds=1,
    )
    server.shutdown()
    server.server_close()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The TrainJobs that were created, as the API server got them."""
    found: list[dict[str, Any]] = []
    honest = Cluster.do_DELETE

    def remember(handler: Cluster) -> None:
        found.extend(dict(job) for job in handler.jobs.values())
        honest(handler)

    monkeypatch.setattr(Cluster, "do_DELETE", remember)
    return found


def test_a_train_job_of_two_nodes_leaves_the_model_here(
    settings: KubeflowTraining, job: TrainingJob, seen: list[dict[str, Any]], stage: Stage
) -> None:
    events: list[Event] = []
    summary = KubeflowBackend(settings).run(job, events.append)
    assert summary.workers == 2
    assert summary.base_encoder == Path(job.base_encoder).name
    assert (job.out / "model" / "model.safetensors").is_file()
    assert "calibrating" in [event.message for event in events]
    (created,) = seen
    assert Cluster.jobs == {}
    assert stage() == []
    assert created["spec"]["runtimeRef"]["name"] == "torch-distributed"
    limits = created["spec"]["trainer"]["resourcesPerNode"]["limits"]
    assert limits == {"nvidia.com/gpu": "8", "cpu": "32", "memory": "256Gi"}
    pod = created["spec"]["runtimePatches"][0]["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"][0]
    spec = pod["template"]["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"}
    assert spec["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


def test_a_failed_train_job_is_told_in_its_words_and_deleted(
    settings: KubeflowTraining, job: TrainingJob, stage: Stage
) -> None:
    recipe = job.recipe.model_copy(update={"layers": 9})
    with pytest.raises(TrainingError, match=r"has 2 layers; asked to keep 9"):
        KubeflowBackend(settings).run(dataclasses.replace(job, recipe=recipe), ignore)
    assert Cluster.jobs == {}
    assert stage() == []


def test_a_step_that_is_ended_ends_its_train_job(settings: KubeflowTraining, job: TrainingJob, stage: Stage) -> None:
    # The SDK waits for the log meanwhile, and turns every exception into one of its own.
    Cluster.on_log = staticmethod(lambda: os.kill(os.getpid(), signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    recipe = job.recipe.model_copy(update={"epochs": 400})
    with pytest.raises(StoppedError, match="stopped by SIGTERM"):
        KubeflowBackend(settings).run(dataclasses.replace(job, recipe=recipe), ignore)
    assert Cluster.jobs == {}
    for node in next(iter(Cluster.nodes.values())):
        node.wait()
    assert stage() == []
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_runtime_that_is_not_there_is_told(settings: KubeflowTraining, job: TrainingJob, stage: Stage) -> None:
    events: list[Event] = []
    with pytest.raises(TrainingError, match=r"Kubeflow Trainer: .*other"):
        KubeflowBackend(settings.model_copy(update={"runtime": "other"})).run(job, events.append)
    assert [event.message for event in events if "still" in event.message] == []
    assert stage() == []


def test_a_train_job_that_cannot_be_deleted_is_told_and_the_model_kept(
    settings: KubeflowTraining, job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cluster, "do_DELETE", lambda handler: handler.answer(403, {"kind": "Status", "code": 403}))
    events: list[Event] = []
    KubeflowBackend(settings.model_copy(update={"nodes": 1})).run(job, events.append)
    assert (job.out / "model" / "model.safetensors").is_file()
    (name,) = Cluster.jobs
    assert f"Failed to delete TrainJob: synapse/{name}; it may still run" in [event.message for event in events]


@pytest.mark.skipif(not RELEASED_CRDS.is_file(), reason="needs the released CRDs")
def test_a_train_job_is_valid_by_the_released_schema(
    settings: KubeflowTraining, job: TrainingJob, seen: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(RELEASED_CRDS) as archive:
        member = archive.extractfile("crds/trainer.kubeflow.org_trainjobs.yaml")
        assert member is not None
        schema = yaml.safe_load(member)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: subprocess.CompletedProcess([], 0))
    monkeypatch.setattr(subprocess.CompletedProcess, "poll", lambda _: 1, raising=False)
    monkeypatch.setattr(subprocess.CompletedProcess, "wait", lambda _: 1, raising=False)
    full = {"checkpoint_claim": "checkpoints", "service_account": "trainer"}
    with pytest.raises(TrainingError, match="failed; see its events and pods"):
        KubeflowBackend(settings.model_copy(update=full)).run(job, ignore)
    (created,) = seen
    jsonschema.validate(created, closed(schema), cls=jsonschema.Draft202012Validator)
    assert "/checkpoints" in created["spec"]["trainer"]["command"]


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return `schema` such that unknown fields are faults, as `kubectl apply --validate=strict` takes them."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    found = dict(schema)
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = closed(found[key])
    if "properties" in found:
        found["properties"] = {name: closed(value) for name, value in found["properties"].items()}
        found.setdefault("additionalProperties", False)
    return found
