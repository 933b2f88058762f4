import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.sdk.trace import TracerProvider
from starlette.responses import JSONResponse, PlainTextResponse, Response
from synapse.v1 import embeddings_pb2 as pb
from synapse.v1 import embeddings_pb2_grpc as pb_grpc
from synapse_common.errors import DeadlineExceeded, Unavailable
from synapse_embeddings.app import EmbeddingsApp
from synapse_embeddings.settings import EmbeddingsSettings


async def embed(address: str, request: pb.EmbedRequest, timeout_s: float = 10) -> pb.EmbedResponse:
    async with grpc.aio.insecure_channel(address) as channel:
        return await pb_grpc.EmbeddingsServiceStub(channel).Embed(request, timeout=timeout_s)


async def failure(address: str, request: pb.EmbedRequest, timeout_s: float = 10) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await embed(address, request, timeout_s)
    return caught.value


def details(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    trailers = dict(error.trailing_metadata() or ())
    return status_pb2.Status.FromString(trailers["grpc-status-details-bin"])


def retry_delay_s(error: grpc.aio.AioRpcError) -> float:
    info = error_details_pb2.RetryInfo()
    assert details(error).details[0].Unpack(info)
    return info.retry_delay.ToTimedelta().total_seconds()


def answering(content: Any, status: int = 200, **headers: str) -> Callable[[dict[str, Any]], Any]:
    async def answer(_body: dict[str, Any]) -> Response:
        if isinstance(content, bytes):
            return Response(content, status, headers={"content-type": "application/json", **headers})
        return JSONResponse(content, status, headers=headers)

    return answer


async def test_embeddings_keep_the_order_of_the_texts(address: str, upstream: Any) -> None:
    response = await embed(address, pb.EmbedRequest(inputs=["ccc", "a", "bb"]))
    assert [embedding.values[0] for embedding in response.embeddings] == [3, 1, 2]
    assert [len(embedding.values) for embedding in response.embeddings] == [8, 8, 8]
    assert (response.model, response.prompt_tokens) == ("small", 6)
    assert "dimensions" not in upstream.requests[-1][1]


async def test_model_and_dimensions_reach_the_upstream(address: str, upstream: Any) -> None:
    response = await embed(address, pb.EmbedRequest(inputs=["a"], model="large", dimensions=4))
    assert len(response.embeddings[0].values) == 4
    assert response.model == "large"
    assert (upstream.requests[-1][1]["model"], upstream.requests[-1][1]["dimensions"]) == ("large", 4)


@pytest.mark.parametrize(
    ("request_", "code", "field"),
    [
        (pb.EmbedRequest(), "INVALID_ARGUMENT", "inputs"),
        (pb.EmbedRequest(inputs=["a", ""]), "INVALID_ARGUMENT", "inputs[1]"),
        (pb.EmbedRequest(inputs=[" \n\t"]), "INVALID_ARGUMENT", "inputs[0]"),
        (pb.EmbedRequest(inputs=["a", "b", "c", "d" * 101]), "INVALID_ARGUMENT", "inputs[3]"),
        (pb.EmbedRequest(inputs=["a"] * 6), "INVALID_ARGUMENT", "inputs"),
        (pb.EmbedRequest(inputs=["a"], dimensions=9), "INVALID_ARGUMENT", "dimensions"),
        (pb.EmbedRequest(inputs=["a"], dimensions=-1), "INVALID_ARGUMENT", "dimensions"),
        (pb.EmbedRequest(inputs=["a"], model="huge"), "NOT_FOUND", "model"),
    ],
)
async def test_a_bad_request_names_its_field(address: str, request_: pb.EmbedRequest, code: str, field: str) -> None:
    error = await failure(address, request_)
    assert error.code().name == code
    violation = error_details_pb2.BadRequest()
    assert details(error).details[0].Unpack(violation)
    assert violation.field_violations[0].field == field


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"\xff\xfe", b"[]", b'{"data": [], "usage": {"prompt_tokens": 0}}', b'{"data": 3}'],
)
async def test_nonsense_is_unavailable_and_said(address: str, upstream: Any, content: bytes) -> None:
    upstream.answer = answering(content)
    error = await failure(address, pb.EmbedRequest(inputs=["a"]))
    assert error.code() == grpc.StatusCode.UNAVAILABLE
    assert "nonsense" in (error.details() or "")
    upstream.answer = None
    assert (await embed(address, pb.EmbedRequest(inputs=["a"]))).embeddings


async def test_vectors_of_other_dimensions_are_nonsense(address: str, upstream: Any) -> None:
    vector = {"data": [{"index": 0, "embedding": [1.0] * 5}], "usage": {"prompt_tokens": 1}}
    upstream.answer = answering(vector)
    for dimensions in (0, 4):  # its own are 8
        error = await failure(address, pb.EmbedRequest(inputs=["a"], dimensions=dimensions))
        assert error.code() == grpc.StatusCode.UNAVAILABLE
        assert "length [5]" in (error.details() or "")


async def test_an_html_page_is_nonsense(address: str, upstream: Any) -> None:
    async def answer(_body: dict[str, Any]) -> Response:
        return PlainTextResponse("<html>welcome</html>", media_type="text/html")

    upstream.answer = answer
    assert "nonsense" in ((await failure(address, pb.EmbedRequest(inputs=["a"]))).details() or "")


async def test_too_many_calls_carry_the_retry_delay(address: str, upstream: Any) -> None:
    upstream.answer = answering({"error": {"message": "slow down"}}, 429, **{"retry-after": "7"})
    error = await failure(address, pb.EmbedRequest(inputs=["a"]))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_delay_s(error) == 7
    upstream.answer = answering({"error": {"message": "slow down"}}, 429, **{"retry-after": "soon"})
    assert retry_delay_s(await failure(address, pb.EmbedRequest(inputs=["a"]))) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAVAILABLE"),
        (403, "UNAVAILABLE"),
        (404, "UNAVAILABLE"),
        (413, "INVALID_ARGUMENT"),
        (500, "UNAVAILABLE"),
        (503, "UNAVAILABLE"),
    ],
)
async def test_statuses_are_mapped_and_nothing_leaks(address: str, upstream: Any, status: int, code: str) -> None:
    upstream.answer = answering({"error": {"message": "key sk-secret and your text: a"}}, status)
    error = await failure(address, pb.EmbedRequest(inputs=["a"]))
    assert error.code().name == code
    assert "sk-secret" not in (error.details() or "")
    assert "your text" not in (error.details() or "")


async def test_a_slow_upstream_exceeds_the_callers_deadline(address: str, upstream: Any) -> None:
    released = asyncio.Event()

    async def answer(_body: dict[str, Any]) -> Response:
        await released.wait()
        return JSONResponse({})

    upstream.answer = answer
    error = await failure(address, pb.EmbedRequest(inputs=["a"]), timeout_s=0.3)
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    released.set()
    upstream.answer = None
    assert (await embed(address, pb.EmbedRequest(inputs=["a"]))).embeddings


async def test_the_trace_goes_on_to_the_upstream(address: str, upstream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tracer = TracerProvider().get_tracer("test")
    monkeypatch.setattr("synapse_embeddings.upstream._tracer", tracer)
    await embed(address, pb.EmbedRequest(inputs=["a"]))
    version, trace_id, span_id, _flags = upstream.requests[-1][0]["traceparent"].split("-")
    assert (version, len(trace_id), len(span_id)) == ("00", 32, 16)


async def test_the_key_reaches_the_upstream(address: str, upstream: Any) -> None:
    await embed(address, pb.EmbedRequest(inputs=["a"]))
    assert upstream.requests[-1][0]["authorization"] == "Bearer sk-secret"


async def test_start_asks_every_model_once(started: EmbeddingsApp, upstream: Any) -> None:
    assert [body["model"] for _, body in upstream.requests] == ["small", "large"]


async def test_not_ready_while_the_upstream_is_away(settings_with: Callable[..., EmbeddingsSettings]) -> None:
    app = EmbeddingsApp(settings_with("http://127.0.0.1:1/v1"))
    with pytest.raises(Unavailable, match="cannot be reached"):
        await app.start()
    await app.close()


async def test_not_ready_while_the_key_is_refused(settings: EmbeddingsSettings, upstream: Any) -> None:
    upstream.answer = answering({"error": {"message": "no"}}, 401)
    app = EmbeddingsApp(settings)
    with pytest.raises(Unavailable, match="refused our credentials"):
        await app.start()
    upstream.answer = answering({"error": {"message": "no"}}, 400)
    with pytest.raises(Unavailable, match="refuses model 'small'"):
        await app.start()
    upstream.answer = None
    await app.start()
    await app.close()


async def test_not_ready_while_the_upstream_is_slow(
    upstream: Any, settings_with: Callable[..., EmbeddingsSettings]
) -> None:
    released = asyncio.Event()

    async def answer(_body: dict[str, Any]) -> Response:
        await released.wait()
        return JSONResponse({})

    upstream.answer = answer
    app = EmbeddingsApp(settings_with(upstream.base_url, timeout_s=0.2))
    with pytest.raises(DeadlineExceeded, match=r"within 0\.2 s"):
        await app.start()
    released.set()
    await app.close()


async def test_calls_before_the_first_answer_are_unavailable(settings: EmbeddingsSettings) -> None:
    app = EmbeddingsApp(settings)
    with pytest.raises(Unavailable, match="has not answered yet"):
        await app._handler.embed(["a"], "", 0, None)
    await app.close()
