import shutil
from collections.abc import Callable
from pathlib import Path

import grpc
import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from synapse.oip import open_inference_pb2 as pb
from synapse.oip import open_inference_pb2_grpc as pb_grpc
from synapse_clustering.app import ClusteringApp
from synapse_clustering.settings import ClusteringSettings
from synapse_common.bundle import BundleError, load_manifest


def request(rows: list[list[float]], **changes: object) -> pb.ModelInferRequest:
    tensor = pb.ModelInferRequest.InferInputTensor(
        name="features", datatype="FP64", shape=[len(rows), len(rows[0]) if rows else 0]
    )
    tensor.contents.fp64_contents.extend(value for row in rows for value in row)
    return pb.ModelInferRequest(**{"model_name": "clustering", "inputs": [tensor], **changes})  # type: ignore[arg-type]


async def test_infer_over_grpc_typed_and_raw(address: str, bundle: Path) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        stub = pb_grpc.GRPCInferenceServiceStub(channel)
        rows = [[7.0, 100.0], [1.0, 200.0]]
        typed = await stub.ModelInfer(request(rows))
        assert typed.model_version == load_manifest(bundle).version
        assert [(output.name, output.datatype, list(output.shape)) for output in typed.outputs] == [
            ("cluster", "INT64", [2]),
            ("distance", "FP64", [2]),
            ("margin", "FP64", [2]),
        ]
        assert list(typed.outputs[0].contents.int64_contents) == [1, 2]
        assert list(typed.outputs[1].contents.fp64_contents) == pytest.approx([1.0, 2.0], abs=1e-7)

        tensor = pb.ModelInferRequest.InferInputTensor(name="features", datatype="FP64", shape=[2, 2])
        raw = await stub.ModelInfer(
            pb.ModelInferRequest(
                model_name="clustering", inputs=[tensor], raw_input_contents=[np.array(rows, dtype="<f8").tobytes()]
            )
        )
        assert np.frombuffer(raw.raw_output_contents[0], dtype="<i8").tolist() == [1, 2]


async def test_metadata_and_readiness_over_grpc(address: str, bundle: Path) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        stub = pb_grpc.GRPCInferenceServiceStub(channel)
        metadata = await stub.ModelMetadata(pb.ModelMetadataRequest(name="clustering"))
        assert list(metadata.inputs[0].shape) == [-1, 2]
        assert "sessions_per_week" in metadata.parameters["features"].string_param
        assert (await stub.ModelReady(pb.ModelReadyRequest(name="clustering"))).ready
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.ModelReady(pb.ModelReadyRequest(name="other"))
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("bad", "code", "message"),
    [
        (request([[1.0, float("nan")]]), grpc.StatusCode.INVALID_ARGUMENT, "row 0, feature 'mean_message_length'"),
        (request([[1.0, 2.0, 3.0]]), grpc.StatusCode.INVALID_ARGUMENT, "must have shape [-1, 2]"),
        (request([[1.0, 2.0]] * 1001), grpc.StatusCode.INVALID_ARGUMENT, "at most 1000"),
        (request([]), grpc.StatusCode.INVALID_ARGUMENT, "shape"),
        (request([[1.0, 2.0]], model_name="users"), grpc.StatusCode.NOT_FOUND, "no model 'users'"),
        (request([[1.0, 2.0]], inputs=[]), grpc.StatusCode.INVALID_ARGUMENT, "missing input: features"),
    ],
    ids=["nan", "shape", "batch", "empty", "model", "no input"],
)
async def test_bad_requests(address: str, bad: pb.ModelInferRequest, code: grpc.StatusCode, message: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await pb_grpc.GRPCInferenceServiceStub(channel).ModelInfer(bad)
    assert caught.value.code() == code
    assert message in (caught.value.details() or "")


async def test_infer_over_rest(started: ClusteringApp) -> None:
    transport = httpx.ASGITransport(app=Starlette(routes=list(started.rest_routes())))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        tensor = {"name": "features", "datatype": "FP64", "shape": [1, 2], "data": [[7, 100]]}
        good = await client.post("/v2/models/clustering/infer", json={"inputs": [tensor]})
        assert good.status_code == 200
        assert good.json()["outputs"][0] == {"name": "cluster", "datatype": "INT64", "shape": [1], "data": [1]}
        tensor["data"] = [7, 1e200]
        bad = await client.post("/v2/models/clustering/infer", json={"inputs": [tensor]})
        assert bad.status_code == 400
        assert "mean_message_length" in bad.json()["error"]


async def test_not_ready_until_the_bundle_is_there(
    settings: ClusteringSettings, bundle: Path, make_bundle: Callable[..., Path]
) -> None:
    app = ClusteringApp(settings)
    (bundle / "clusters.npz").write_bytes(b"torn")
    with pytest.raises(BundleError, match=r"clusters\.npz does not match"):
        await app.start()
    shutil.rmtree(bundle)
    with pytest.raises(BundleError, match="no model bundle in"):
        await app.start()
    make_bundle(bundle.name)
    await app.start()


async def test_calls_before_the_bundle_is_there_are_unavailable(settings: ClusteringSettings) -> None:
    server = grpc.aio.server()
    app = ClusteringApp(settings)
    assert app.register(server) == ["inference.GRPCInferenceService"]
    transport = httpx.ASGITransport(app=Starlette(routes=list(app.rest_routes())))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/v2/health/ready")).status_code == 503
        answer = await client.get("/v2/models/clustering")
        assert answer.status_code == 503
        assert answer.json() == {"error": "the model is not loaded yet"}
