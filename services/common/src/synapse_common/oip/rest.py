"""REST side of the protocol: its routes, and errors as ``{"error": ...}``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

import grpc
from opentelemetry import metrics
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synapse_common.errors import InvalidInput, SynapseError
from synapse_common.logs import get_logger
from synapse_common.oip.handler import InferenceHandler
from synapse_common.oip.rest_body import BINARY_EXTENSION, JSON_LENGTH_HEADER, build_response, parse_body
from synapse_common.server.errors import INTERNAL_MESSAGE

_log = get_logger(__name__)
_HTTP_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
_CLIENT_GONE = 499  # nobody reads it; in the metrics it is not a fault of ours
_MAX_BODY_BYTES = 4 * 1024 * 1024
_INFER_TIMEOUT_S = 30.0  # HTTP callers state no deadline

Endpoint = Callable[[Request], Awaitable[Response]]
T = TypeVar("T")


def oip_routes(handler: InferenceHandler) -> list[BaseRoute]:
    """Routes of /v2: health, metadata, ready and infer."""

    async def live(_request: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(_request: Request) -> Response:
        return JSONResponse({"ready": handler.ready}, status_code=200 if handler.ready else 503)

    async def server_metadata(_request: Request) -> Response:
        return JSONResponse(
            {"name": handler.server_name, "version": handler.server_version, "extensions": [BINARY_EXTENSION]}
        )

    async def model_metadata(request: Request) -> Response:
        model = handler.model(*_path(request))
        return JSONResponse(
            {
                "name": model.name,
                "versions": [model.version],
                "platform": "synapse",
                "inputs": [{"name": s.name, "datatype": s.datatype, "shape": list(s.shape)} for s in model.inputs],
                "outputs": [{"name": s.name, "datatype": s.datatype, "shape": list(s.shape)} for s in model.outputs],
                "parameters": dict(model.parameters),
            }
        )

    async def model_ready(request: Request) -> Response:
        model = handler.model(*_path(request))
        return JSONResponse({"name": model.name, "ready": handler.ready}, status_code=200 if handler.ready else 503)

    async def infer(request: Request) -> Response:
        model = handler.model(*_path(request))
        body, tensors = parse_body(await _read(request), request.headers.get(JSON_LENGTH_HEADER))
        if body.model_name not in (None, model.name):
            raise InvalidInput("model_name differs from the name in the path", field="model_name")
        work = handler.infer(model, tensors, body.requested, _INFER_TIMEOUT_S)
        outputs = await _while_client_waits(request, work)
        return build_response(model, body, outputs)

    endpoints: list[tuple[str, str, Endpoint]] = [
        ("GET", "/v2", server_metadata),
        ("GET", "/v2/health/live", live),
        ("GET", "/v2/health/ready", ready),
    ]
    for prefix in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
        endpoints += [
            ("GET", prefix, model_metadata),
            ("GET", f"{prefix}/ready", model_ready),
            ("POST", f"{prefix}/infer", infer),
        ]
    meter = metrics.get_meter("synapse.server")
    duration = meter.create_histogram("http.server.duration", unit="s", description="time to the end of the answer")
    return [
        Route(path, _observed(path, _errors_as_json(endpoint), duration), methods=[method])
        for method, path, endpoint in endpoints
    ]


def _path(request: Request) -> tuple[str, str]:
    return request.path_params["model"], request.path_params.get("version", "")


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise InvalidInput(f"the body is over {_MAX_BODY_BYTES} bytes")
    return bytes(body)


async def _while_client_waits(request: Request, work: Coroutine[object, object, T]) -> T:
    """The result of `work`, which is cancelled when the client goes away. The request's body must have been read.

    Raises:
        ClientDisconnect: it went away.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.ensure_future(request.receive())  # behind the body comes nothing but the end of the connection
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


def _observed(path: str, endpoint: Endpoint, duration: metrics.Histogram) -> Endpoint:
    """Count the endpoint's answers under its path's pattern: a model's name from outside must not make a new series."""

    async def observed(request: Request) -> Response:
        started = time.perf_counter()
        response = await endpoint(request)
        duration.record(time.perf_counter() - started, {"http_route": path, "code": str(response.status_code)})
        return response

    return observed


def _errors_as_json(endpoint: Endpoint) -> Endpoint:
    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except SynapseError as error:
            status = _HTTP_STATUS.get(error.code)
            if status is not None:
                headers = {"retry-after": str(max(1, round(error.retry_after_s)))} if error.retry_after_s else None
                return JSONResponse({"error": error.message}, status_code=status, headers=headers)
            _log.error("internal error", path=request.url.path, exc_info=error)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_GONE)
        except Exception as error:
            _log.error("unexpected error", path=request.url.path, exc_info=error)
        return JSONResponse({"error": INTERNAL_MESSAGE}, status_code=500)

    return guarded
