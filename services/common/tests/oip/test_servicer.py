import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from synapse.oip import open_inference_pb2 as pb
from synapse.oip import open_inference_pb2_grpc as pb_grpc
from synapse_common.errors import ResourceExhausted
from synapse_common.oip import InferenceHandler, InferenceServicer
from synapse_common.server.errors import map_errors
from synapse_common.server.wrap import AroundInterceptor


@pytest.fixture
async def stub(handler: InferenceHandler) -> AsyncIterator[pb_grpc.GRPCInferenceServiceStub]:
    server = grpc.aio.server(interceptors=[AroundInterceptor(map_errors)])
    pb_grpc.add_GRPCInferenceServiceServicer_to_server(InferenceServicer(handler), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield pb_grpc.GRPCInferenceServiceStub(channel)
    await server.stop(None)


def typed(**fields: Any) -> pb.ModelInferRequest:
    request = pb.ModelInferRequest(**{"model_name": "upper", "id": "call-7", **fields})
    request.inputs.add(name="text", datatype="BYTES", shape=[1], contents={"bytes_contents": [b"hi"]})
    request.inputs.add(name="weight", datatype="FP32", shape=[1, 2], contents={"fp32_contents": [1, 2]})
    return request


def raw() -> pb.ModelInferRequest:
    request = pb.ModelInferRequest(model_name="upper", model_version="v1")
    request.inputs.add(name="text", datatype="BYTES", shape=[1])
    request.inputs.add(name="weight", datatype="FP32", shape=[1, 2])
    request.raw_input_contents.extend([b"\x02\x00\x00\x00hi", b"\x00\x00\x80\x3f\x00\x00\x00\x40"])
    return request


async def test_server_and_model_say_what_they_are(stub: pb_grpc.GRPCInferenceServiceStub) -> None:
    assert (await stub.ServerLive(pb.ServerLiveRequest())).live
    assert (await stub.ServerReady(pb.ServerReadyRequest())).ready
    assert (await stub.ModelReady(pb.ModelReadyRequest(name="upper", version="v1"))).ready
    server = await stub.ServerMetadata(pb.ServerMetadataRequest())
    assert (server.name, server.version) == ("synapse-test", "1.2.3")
    model = await stub.ModelMetadata(pb.ModelMetadataRequest(name="upper"))
    assert (model.name, list(model.versions)) == ("upper", ["v1"])
    assert [(t.name, t.datatype, list(t.shape)) for t in model.inputs] == [
        ("text", "BYTES", [-1]),
        ("weight", "FP32", [-1, 2]),
    ]
    assert [t.name for t in model.outputs] == ["upper", "sum"]
    assert model.parameters["note"].string_param == "a test model"


async def test_typed_contents_are_answered_typed_with_id_and_parameters_as_they_came(
    stub: pb_grpc.GRPCInferenceServiceStub,
) -> None:
    parameters = {"trace": pb.InferParameter(string_param="x"), "n": pb.InferParameter(int64_param=3)}
    answer = await stub.ModelInfer(typed(parameters=parameters))
    assert (answer.model_name, answer.model_version, answer.id) == ("upper", "v1", "call-7")
    assert dict(answer.parameters) == parameters
    assert list(answer.outputs[0].contents.bytes_contents) == [b"HI"]
    assert list(answer.outputs[1].contents.fp32_contents) == [3.0]
    assert not answer.raw_output_contents


async def test_raw_contents_are_answered_raw(stub: pb_grpc.GRPCInferenceServiceStub) -> None:
    answer = await stub.ModelInfer(raw())
    assert list(answer.raw_output_contents) == [b"\x02\x00\x00\x00HI", b"\x00\x00\x40\x40"]
    assert not any(output.HasField("contents") for output in answer.outputs)


async def test_only_the_outputs_asked_for_are_sent(stub: pb_grpc.GRPCInferenceServiceStub) -> None:
    answer = await stub.ModelInfer(typed(outputs=[pb.ModelInferRequest.InferRequestedOutputTensor(name="sum")]))
    assert [output.name for output in answer.outputs] == ["sum"]


async def test_the_callers_deadline_reaches_the_model(stub: pb_grpc.GRPCInferenceServiceStub, model: Any) -> None:
    await stub.ModelInfer(typed(), timeout=30)
    await stub.ModelInfer(typed())
    timed, endless = model.deadlines
    assert 25 < timed < 31  # rounded up on the wire
    assert endless is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"model_name": "lower"}, grpc.StatusCode.NOT_FOUND),
        ({"model_version": "v2"}, grpc.StatusCode.NOT_FOUND),
        ({"outputs": [{"name": "lower"}]}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"raw_input_contents": [b""]}, grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_errors_are_statuses_that_name_the_field(
    fields: dict[str, Any], code: grpc.StatusCode, stub: pb_grpc.GRPCInferenceServiceStub
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ModelInfer(typed(**fields))
    assert caught.value.code() is code
    status = rpc_status.from_call(caught.value)
    bad_request = error_details_pb2.BadRequest()
    assert status is not None
    assert status.details[0].Unpack(bad_request)
    assert bad_request.field_violations[0].field


async def test_before_the_model_is_loaded_ready_is_false_and_calls_may_be_retried() -> None:
    servicer = InferenceServicer(InferenceHandler("synapse-test", "1"))
    context: Any = None
    assert not (await servicer.ServerReady(pb.ServerReadyRequest(), context)).ready
    assert not (await servicer.ModelReady(pb.ModelReadyRequest(name="upper"), context)).ready


async def test_an_unknown_model_is_not_found_when_asked_whether_it_is_ready(
    stub: pb_grpc.GRPCInferenceServiceStub,
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ModelReady(pb.ModelReadyRequest(name="lower"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_while_draining_the_protocol_says_not_ready_and_still_answers(
    stub: pb_grpc.GRPCInferenceServiceStub, handler: InferenceHandler
) -> None:
    handler.drain()
    assert not (await stub.ServerReady(pb.ServerReadyRequest())).ready
    assert not (await stub.ModelReady(pb.ModelReadyRequest(name="upper"))).ready
    assert (await stub.ModelInfer(typed())).id == "call-7"


async def test_an_overload_says_when_to_come_back(stub: pb_grpc.GRPCInferenceServiceStub, model: Any) -> None:
    model.error = ResourceExhausted("too much", retry_after_s=0.5)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ModelInfer(typed())
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_cancelled_call_cancels_the_model(stub: pb_grpc.GRPCInferenceServiceStub, model: Any) -> None:
    cancelled = asyncio.Event()

    async def waits(inputs: Any, deadline_s: Any) -> Any:
        model.entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    model.infer = waits
    call = stub.ModelInfer(typed())
    sending = asyncio.ensure_future(call.code())
    await asyncio.wait_for(model.entered.wait(), 10)
    call.cancel()
    await asyncio.wait_for(cancelled.wait(), 10)
    assert await sending is grpc.StatusCode.CANCELLED
