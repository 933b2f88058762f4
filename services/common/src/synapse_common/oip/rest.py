"""REST side of the protocol: JSON to tensors and back, errors as ``{"error": ...}``."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synapse_common.errors import InvalidInput, SynapseError
from synapse_common.logs import get_logger
from synapse_common.oip.handler import InferenceHandler
from synapse_common.oip.tensors import decode_json, encode_json
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
_MAX_BODY_BYTES = 4 * 1024 * 1024

Endpoint = Callable[[Request], Awaitable[Response]]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    datatype: str
    shape: list[int]
    data: list[Any]
    parameters: dict[str, Any] | None = None


class _Output(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    parameters: dict[str, Any] | None = None


class _InferRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str | None = None
    inputs: list[_Input]
    outputs: list[_Output] | None = None
    parameters: dict[str, Any] | None = None


def oip_routes(handler: InferenceHandler) -> list[BaseRoute]:
    """Routes of /v2: health, metadata, ready and infer."""

    async def live(_request: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(_request: Request) -> Response:
        return JSONResponse({"ready": handler.ready}, status_code=200 if handler.ready else 503)

    async def server_metadata(_request: Request) -> Response:
        return JSONResponse({"name": handler.server_name, "version": handler.server_version, "extensions": []})

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
        return JSONResponse({"name": model.name, "ready": True})

    async def infer(request: Request) -> Response:
        model = handler.model(*_path(request))
        body = await _parse(request)
        tensors = [
            decode_json(item.name, item.datatype, item.shape, item.data, f"inputs[{index}]")
            for index, item in enumerate(body.inputs)
        ]
        requested = [output.name for output in body.outputs or []]
        outputs = await handler.infer(model, tensors, requested, None)
        answer: dict[str, Any] = {
            "model_name": model.name,
            "model_version": model.version,
            "outputs": [encode_json(tensor) for tensor in outputs],
        }
        if body.id is not None:
            answer["id"] = body.id
        if body.parameters is not None:
            answer["parameters"] = body.parameters
        return JSONResponse(answer)

    get, post = ["GET"], ["POST"]
    routes: list[BaseRoute] = [
        Route("/v2", _errors_as_json(server_metadata), methods=get),
        Route("/v2/health/live", _errors_as_json(live), methods=get),
        Route("/v2/health/ready", _errors_as_json(ready), methods=get),
    ]
    for prefix in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
        routes += [
            Route(prefix, _errors_as_json(model_metadata), methods=get),
            Route(f"{prefix}/ready", _errors_as_json(model_ready), methods=get),
            Route(f"{prefix}/infer", _errors_as_json(infer), methods=post),
        ]
    return routes


def _path(request: Request) -> tuple[str, str]:
    return request.path_params["model"], request.path_params.get("version", "")


async def _parse(request: Request) -> _InferRequest:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise InvalidInput(f"the body is over {_MAX_BODY_BYTES} bytes")
    try:
        return _InferRequest.model_validate(json.loads(body))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise InvalidInput("the body is not valid UTF-8 JSON") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{field}: {first['msg']}", field=field) from None


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
        except Exception as error:
            _log.error("unexpected error", path=request.url.path, exc_info=error)
        return JSONResponse({"error": INTERNAL_MESSAGE}, status_code=500)

    return guarded
