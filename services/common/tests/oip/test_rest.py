import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from synapse_common.errors import DeadlineExceeded, Internal, ResourceExhausted
from synapse_common.oip import InferenceHandler, oip_routes
from synapse_common.server.errors import INTERNAL_MESSAGE

INFER = "/v2/models/upper/infer"


@pytest.fixture
async def client(handler: InferenceHandler) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=oip_routes(handler))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def body(**fields: Any) -> dict[str, Any]:
    return {
        "inputs": [
            {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["olá"]},
            {"name": "weight", "datatype": "FP32", "shape": [1, 2], "data": [[1, 2.5]]},
        ],
        **fields,
    }


async def test_server_and_model_say_what_they_are(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v2/health/live")).json() == {"live": True}
    assert (await client.get("/v2/health/ready")).json() == {"ready": True}
    assert (await client.get("/v2")).json() == {
        "name": "synapse-test",
        "version": "1.2.3",
        "extensions": ["binary_tensor_data"],
    }
    for path in ("/v2/models/upper", "/v2/models/upper/versions/v1"):
        metadata = (await client.get(path)).json()
        assert metadata["versions"] == ["v1"]
        assert metadata["inputs"][1] == {"name": "weight", "datatype": "FP32", "shape": [-1, 2]}
        assert metadata["parameters"] == {"note": "a test model"}
        assert (await client.get(f"{path}/ready")).json() == {"name": "upper", "ready": True}


async def test_infer_answers_with_id_and_parameters_as_they_came(client: httpx.AsyncClient) -> None:
    answer = await client.post(INFER, json=body(id="call-7", parameters={"a": 1, "b": True}))
    assert answer.status_code == 200
    assert answer.json() == {
        "model_name": "upper",
        "model_version": "v1",
        "id": "call-7",
        "parameters": {"a": 1, "b": True},
        "outputs": [
            {"name": "upper", "datatype": "BYTES", "shape": [1], "data": ["OL\u00e1"]},
            {"name": "sum", "datatype": "FP32", "shape": [1], "data": [3.5]},
        ],
    }


async def test_only_the_outputs_asked_for_are_sent(client: httpx.AsyncClient) -> None:
    answer = await client.post(INFER, json=body(outputs=[{"name": "sum"}]))
    assert [output["name"] for output in answer.json()["outputs"]] == ["sum"]


async def test_raw_tensors_behind_the_json_both_ways(client: httpx.AsyncClient) -> None:
    head = body(outputs=[{"name": "sum", "parameters": {"binary_data": True}}, {"name": "upper"}])
    head["inputs"][1] = {
        "name": "weight",
        "datatype": "FP32",
        "shape": [1, 2],
        "parameters": {"binary_data_size": 8},
    }
    encoded = json.dumps(head).encode()
    content = encoded + np.array([1, 2], dtype="<f4").tobytes()
    answer = await client.post(INFER, content=content, headers={"Inference-Header-Content-Length": str(len(encoded))})
    assert answer.status_code == 200
    length = int(answer.headers["inference-header-content-length"])
    described = json.loads(answer.content[:length])["outputs"]
    assert described[0] == {"name": "sum", "datatype": "FP32", "shape": [1], "parameters": {"binary_data_size": 4}}
    assert described[1]["data"] == ["OL\u00e1"]
    assert np.frombuffer(answer.content[length:], dtype="<f4").tolist() == [3.0]


@pytest.mark.parametrize("length", ["-1", "9999", "x", "", "\u0661", "9" * 30])
async def test_a_wrong_json_length_is_refused(length: str, client: httpx.AsyncClient) -> None:
    headers = {"Inference-Header-Content-Length": length.encode()}
    answer = await client.post(INFER, content=json.dumps(body()), headers=headers)
    assert answer.status_code == 400
    assert "inference-header-content-length" in answer.json()["error"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"inputs": NaN}',
        b'{"id": "\xff", "inputs": []}',
        json.dumps(body()).encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"inputs": ' + b"9" * 5000 + b"}",
        b'{"inputs": [], "parameters": {"x": 1e999}}',
        b'{"id": "\\ud800", "inputs": []}',
        json.dumps(body(unknown=1)).encode(),
        json.dumps(body(id=7)).encode(),
        json.dumps(body(model_name="lower")).encode(),
        json.dumps(body(inputs=[])).encode(),
        json.dumps(body(inputs=[{"name": "text", "datatype": "BYTES", "shape": [1]}])).encode(),
        json.dumps(body(inputs=[{"name": "text", "datatype": "BYTES", "shape": ["1"], "data": ["a"]}])).encode(),
        json.dumps(body(outputs=[{"name": "lower"}])).encode(),
        json.dumps(body(parameters={"x": {}})).encode(),
        json.dumps(body()).encode() + b"trailing",
    ],
    ids=lambda content: content[:40],
)
async def test_what_is_not_the_protocol_is_a_bad_request_that_says_so(
    content: bytes, client: httpx.AsyncClient
) -> None:
    answer = await client.post(INFER, content=content)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]


@pytest.mark.parametrize("depth", [10, 900, 100_000])
async def test_deep_nesting_is_refused_however_deep(depth: int, client: httpx.AsyncClient) -> None:
    data = "[" * depth + "]" * depth
    content = f'{{"inputs": [{{"name": "text", "datatype": "BYTES", "shape": [1], "data": {data}}}]}}'
    assert (await client.post(INFER, content=content)).status_code == 400


async def test_a_body_over_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(INFER, content=b" " * (4 * 1024 * 1024 + 1))
    assert answer.status_code == 400
    assert "over 4194304 bytes" in answer.json()["error"]


@pytest.mark.parametrize(
    ("raw", "sizes"),
    [(b"12345678", [9]), (b"12345678", [4]), (b"12345678", [-8]), (b"12345678", [8.0]), (b"12345678", [True])],
)
async def test_raw_sizes_must_add_up(raw: bytes, sizes: list[Any], client: httpx.AsyncClient) -> None:
    head = body()
    head["inputs"][1] |= {"parameters": {"binary_data_size": sizes[0]}}
    del head["inputs"][1]["data"]
    encoded = json.dumps(head).encode()
    headers = {"Inference-Header-Content-Length": str(len(encoded))}
    assert (await client.post(INFER, content=encoded + raw, headers=headers)).status_code == 400


@pytest.mark.parametrize("path", ["/v2/models/lower", "/v2/models/lower/ready", "/v2/models/upper/versions/v2"])
async def test_another_model_or_version_is_not_found(path: str, client: httpx.AsyncClient) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "there is" in answer.json()["error"]


async def test_before_the_model_is_loaded_it_is_unavailable_with_a_retry_delay() -> None:
    app = Starlette(routes=oip_routes(InferenceHandler("synapse-test", "1")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/v2/health/ready")).status_code == 503
        answer = await client.post(INFER, json=body())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert (await client.get("/v2/models/upper/ready")).status_code == 503


async def test_while_draining_it_is_not_ready_and_still_answers(
    client: httpx.AsyncClient, handler: InferenceHandler
) -> None:
    handler.drain()
    assert (await client.get("/v2/health/ready")).status_code == 503
    assert (await client.get("/v2/models/upper/ready")).json() == {"name": "upper", "ready": False}
    assert (await client.post(INFER, json=body())).status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (ResourceExhausted("too much", retry_after_s=0.2), 429, "too much"),
        (DeadlineExceeded("too late"), 504, "too late"),
        (Internal("our secret"), 500, INTERNAL_MESSAGE),
        (RuntimeError("our secret"), 500, INTERNAL_MESSAGE),
    ],
)
async def test_errors_become_statuses_and_a_fault_of_ours_tells_nothing(
    error: Exception, status: int, message: str, client: httpx.AsyncClient, model: Any
) -> None:
    model.error = error
    answer = await client.post(INFER, json=body())
    assert (answer.status_code, answer.json()) == (status, {"error": message})
    assert ("retry-after" in answer.headers) == (status == 429)


async def test_the_model_is_given_a_deadline(client: httpx.AsyncClient, model: Any) -> None:
    await client.post(INFER, json=body())
    assert model.deadlines == [30.0]


async def test_a_client_that_goes_away_while_the_model_computes_ends_the_work(
    handler: InferenceHandler, model: Any
) -> None:
    (route,) = [r for r in oip_routes(handler) if isinstance(r, Route) and r.path == "/v2/models/{model}/infer"]
    model.release = asyncio.Event()
    parts = iter([{"type": "http.request", "body": json.dumps(body()).encode()}])

    async def receive() -> dict[str, Any]:
        for part in parts:
            return part
        await model.entered.wait()
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "POST", "headers": [], "path_params": {"model": "upper"}}
    response = await asyncio.wait_for(route.endpoint(Request(scope, receive)), 5)
    assert response.status_code == 499
    assert model.cancelled


async def test_unknown_paths_and_methods(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v2/nothing")).status_code == 404
    assert (await client.get(INFER)).status_code == 405


async def test_a_client_that_goes_away_midway_is_no_fault_of_ours(
    handler: InferenceHandler, caplog: pytest.LogCaptureFixture
) -> None:
    (route,) = [r for r in oip_routes(handler) if isinstance(r, Route) and r.path == "/v2/models/{model}/infer"]
    parts = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(parts)

    scope = {"type": "http", "method": "POST", "headers": [], "path_params": {"model": "upper"}}
    response = await route.endpoint(Request(scope, receive))
    assert response.status_code == 499
    assert not caplog.records
