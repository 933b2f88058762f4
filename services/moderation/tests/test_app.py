"""The predictor as a process: gRPC and REST over mutual TLS, and bundles that are missing or broken."""

import json
import shutil
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from synapse.oip import open_inference_pb2 as pb
from synapse.oip import open_inference_pb2_grpc as pb_grpc
from synapse_common.bundle import Bundle
from synapse_common.ports import HOST
from synapse_common.settings import TlsSettings
from synapse_common.taxonomy import CATEGORIES
from synapse_common.testing import ServiceProcess, eventually
from synapse_common.tls import client_ssl_context

Run = Callable[[Path], ServiceProcess]
TEXTS = ["Hello, how are you?", "Olá, tudo bem?", "eu vou te matar"]


@pytest.fixture(scope="module")
def stub(service: ServiceProcess, client_tls: TlsSettings) -> Iterator[pb_grpc.GRPCInferenceServiceStub]:
    with grpc.secure_channel(service.address, credentials_of(client_tls)) as channel:
        yield pb_grpc.GRPCInferenceServiceStub(channel)


@pytest.fixture(scope="module")
def rest(service: ServiceProcess, client_tls: TlsSettings) -> Iterator[httpx.Client]:
    url = f"https://{HOST}:{service.ports['rest']}"
    with httpx.Client(base_url=url, verify=client_ssl_context(client_tls), timeout=20) as client:
        yield client


def credentials_of(tls: TlsSettings) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(tls.ca.read_bytes(), tls.key.read_bytes(), tls.certificate.read_bytes())


def asking(
    texts: list[bytes], *, datatype: str = "BYTES", name: str = "text", shape: list[int] | None = None, **fields: Any
) -> pb.ModelInferRequest:
    request = pb.ModelInferRequest(**{"model_name": "moderation", **fields})
    request.inputs.add(name=name, datatype=datatype, shape=shape or [len(texts)], contents={"bytes_contents": texts})
    return request


def test_it_says_what_it_serves_over_grpc_and_rest(
    stub: pb_grpc.GRPCInferenceServiceStub, rest: httpx.Client, bundle: Bundle
) -> None:
    assert stub.ServerReady(pb.ServerReadyRequest()).ready
    assert stub.ModelReady(pb.ModelReadyRequest(name="moderation", version=bundle.manifest.version)).ready
    model = stub.ModelMetadata(pb.ModelMetadataRequest(name="moderation"))
    assert list(model.versions) == [bundle.manifest.version]
    assert json.loads(model.parameters["categories"].string_param) == list(CATEGORIES)

    assert rest.get("/v2/health/ready").json() == {"ready": True}
    metadata = rest.get("/v2/models/moderation").json()
    assert metadata["versions"] == [bundle.manifest.version]
    assert metadata["outputs"] == [
        {"name": "category_scores", "datatype": "FP32", "shape": [-1, 8]},
        {"name": "flagged", "datatype": "BOOL", "shape": [-1]},
    ]


def test_grpc_and_rest_give_the_same_scores_in_the_order_of_the_texts(
    stub: pb_grpc.GRPCInferenceServiceStub, rest: httpx.Client
) -> None:
    answer = stub.ModelInfer(asking([text.encode() for text in TEXTS]))
    scores = np.array(answer.outputs[0].contents.fp32_contents).reshape(answer.outputs[0].shape)
    assert scores.shape == (3, 8)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert list(answer.outputs[1].contents.bool_contents) == (scores >= 0.5).any(axis=1).tolist()

    body = {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [3], "data": TEXTS}]}
    outputs = rest.post("/v2/models/moderation/infer", json=body).json()["outputs"]
    np.testing.assert_allclose(outputs[0]["data"], scores.ravel(), rtol=1e-6)


@pytest.mark.parametrize(
    ("request_", "code", "reason"),
    [
        (asking([b"a"], name="txt"), grpc.StatusCode.INVALID_ARGUMENT, "unknown input 'txt'"),
        (asking([b"a"], shape=[1, 1]), grpc.StatusCode.INVALID_ARGUMENT, "must have shape"),
        (asking([b"a"], shape=[2]), grpc.StatusCode.INVALID_ARGUMENT, "1 values"),
        (asking([b"a"], datatype="FP32"), grpc.StatusCode.INVALID_ARGUMENT, "0 values"),
        (asking([b"a"], model_name="other"), grpc.StatusCode.NOT_FOUND, "no model 'other'"),
        (asking([b"a"], model_version="0"), grpc.StatusCode.NOT_FOUND, "no version '0'"),
        (asking([b"a"] * 5), grpc.StatusCode.INVALID_ARGUMENT, "at most 4"),
        (asking([b""]), grpc.StatusCode.INVALID_ARGUMENT, "text[0] is empty"),
        (asking([b"a", b"\xff"]), grpc.StatusCode.INVALID_ARGUMENT, "text[1] is not UTF-8"),
        (asking([b"a" * 20_001]), grpc.StatusCode.INVALID_ARGUMENT, "at most 20000"),
        (pb.ModelInferRequest(model_name="moderation"), grpc.StatusCode.INVALID_ARGUMENT, "missing input: text"),
    ],
)
def test_a_wrong_request_is_refused_with_its_reason(
    request_: pb.ModelInferRequest, code: grpc.StatusCode, reason: str, stub: pb_grpc.GRPCInferenceServiceStub
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub.ModelInfer(request_, timeout=10)
    assert caught.value.code() is code
    assert reason in caught.value.details()


def test_a_client_without_certificate_gets_in_nowhere(service: ServiceProcess, client_tls: TlsSettings) -> None:
    anonymous = grpc.ssl_channel_credentials(client_tls.ca.read_bytes())
    with grpc.secure_channel(service.address, anonymous) as channel, pytest.raises(grpc.RpcError) as caught:
        pb_grpc.GRPCInferenceServiceStub(channel).ServerLive(pb.ServerLiveRequest(), timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    context = ssl.create_default_context(cafile=client_tls.ca)
    with httpx.Client(verify=context) as client, pytest.raises(httpx.HTTPError):
        client.get(f"https://{HOST}:{service.ports['rest']}/v2/health/live")


def test_its_metrics_count_texts_and_calls(
    service: ServiceProcess, stub: pb_grpc.GRPCInferenceServiceStub, rest: httpx.Client
) -> None:
    stub.ModelInfer(asking([b"hello"]))
    rest.post("/v2/models/moderation/infer", json={})

    def lines() -> dict[str, float]:
        metrics = service.get("/metrics")[1].splitlines()
        return {line.split("{")[0].split(" ")[0]: float(line.rsplit(" ", 1)[1]) for line in metrics if line[0] != "#"}

    eventually(lambda: lines()["moderation_texts_total"] >= 1)
    assert lines()["moderation_waiting"] == 0
    assert lines()["moderation_job_duration_seconds_count"] >= 1
    assert (
        'http_server_duration_seconds_count{code="400",http_route="/v2/models/{model}/infer"}'
        in (service.get("/metrics")[1])
    )


def broken(folder: Path) -> str:
    """Breaks the bundle in a folder; returns a part of the reason that is to be told."""
    file = folder / "model.int8.onnx.xz"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    return "model.int8.onnx.xz does not match its SHA-256"


def removed(folder: Path) -> str:
    shutil.rmtree(folder)
    return "no model bundle in"


def without_a_file(folder: Path) -> str:
    (folder / "tokenizer.json").unlink()
    return "tokenizer.json is missing"


def another_kind(folder: Path) -> str:
    manifest = json.loads((folder / "bundle.json").read_text())
    files = {**manifest["files"], **dict.fromkeys(("clusters.npz", "features.json", "labels.json"), "0")}
    (folder / "bundle.json").write_text(json.dumps({**manifest, "kind": "clustering", "files": files}))
    return "holds a clustering bundle where a moderation bundle is needed"


def test_a_bad_bundle_is_not_served_the_reason_is_told_and_a_good_one_is_taken_up(
    run_moderation: Run, bundle_folder: Path, client_tls: TlsSettings, tmp_path: Path
) -> None:
    folder = tmp_path / "served"

    def put(damage: Callable[[Path], str] | None) -> str:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(bundle_folder, tmp_path / "new")
        reason = damage(tmp_path / "new") if damage else ""
        if (tmp_path / "new").exists():
            (tmp_path / "new").rename(folder)
        return reason

    reason = put(removed)
    service = run_moderation(folder)
    eventually(lambda: reason in service.get("/readyz")[1])
    with grpc.secure_channel(service.address, credentials_of(client_tls)) as channel:
        stub = pb_grpc.GRPCInferenceServiceStub(channel)
        health = health_pb2_grpc.HealthStub(channel)
        for damage in (broken, without_a_file, another_kind):
            reason = put(damage)
            eventually(lambda reason=reason: reason in service.get("/readyz")[1])
        assert service.get("/readyz")[0] == 503
        assert health.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert not stub.ServerReady(pb.ServerReadyRequest()).ready
        with pytest.raises(grpc.RpcError) as caught:
            stub.ModelInfer(asking([b"hello"]), timeout=10)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE

        put(None)
        service.wait_ready()
        assert stub.ModelInfer(asking([b"hello"]), timeout=10).model_name == "moderation"
        assert health.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
