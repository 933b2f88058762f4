"""Bodies of an inference over REST: JSON with the tensors in it, or behind it as raw bytes, both ways.

The raw form is the protocol's binary tensor data extension, which KServe's client uses unless told otherwise: the
header Inference-Header-Content-Length gives the length of the JSON, `binary_data_size` that of each tensor behind it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import JSONResponse, Response

from synapse_common.errors import InvalidInput
from synapse_common.oip.model import InferenceModel
from synapse_common.oip.tensors import Tensor, decode_json, decode_raw, encode_json, encode_raw

BINARY_EXTENSION = "binary_tensor_data"
JSON_LENGTH_HEADER = "inference-header-content-length"

_Parameters = dict[str, bool | int | float | str]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Input(_Part):
    name: str
    datatype: str
    shape: list[int]
    data: list[Any] | None = None
    parameters: _Parameters | None = None


class _Output(_Part):
    name: str
    parameters: _Parameters | None = None


class InferBody(_Part):
    """The JSON part of a request."""

    id: str | None = None
    model_name: str | None = None
    inputs: list[_Input]
    outputs: list[_Output] | None = None
    parameters: _Parameters | None = None

    @property
    def requested(self) -> list[str]:
        """Names of the outputs asked for; none means all."""
        return [output.name for output in self.outputs or []]

    def wants_raw(self, name: str) -> bool:
        """Whether output `name` is to be sent as raw bytes."""
        wanted = (self.parameters or {}).get("binary_data_output", False)
        for output in self.outputs or []:
            if output.name == name:
                wanted = (output.parameters or {}).get("binary_data", wanted)
        return wanted is True


def parse_body(content: bytes, json_length: str | None) -> tuple[InferBody, list[Tensor]]:
    """The request and its decoded inputs.

    Args:
        content: the whole body.
        json_length: value of the header `JSON_LENGTH_HEADER`; None when the body is JSON alone.

    Raises:
        InvalidInput: the body is not what the protocol says; names the part that is wrong.
    """
    length = len(content) if json_length is None else _checked_length(json_length, len(content))
    body = _parse_json(content[:length])
    return body, _tensors(body, content[length:])


def build_response(model: InferenceModel, body: InferBody, outputs: Sequence[Tensor]) -> Response:
    """The answer, with id and parameters as they came."""
    described: list[dict[str, Any]] = []
    raw_parts: list[bytes] = []
    for tensor in outputs:
        if body.wants_raw(tensor.name):
            raw = encode_raw(tensor)
            raw_parts.append(raw)
            shape = list(tensor.data.shape)
            parameters = {"binary_data_size": len(raw)}
            described.append(
                {"name": tensor.name, "datatype": tensor.datatype, "shape": shape, "parameters": parameters}
            )
        else:
            described.append(encode_json(tensor))
    answer: dict[str, Any] = {"model_name": model.name, "model_version": model.version, "outputs": described}
    if body.id is not None:
        answer["id"] = body.id
    if body.parameters is not None:
        answer["parameters"] = body.parameters
    response = JSONResponse(answer)
    if not raw_parts:
        return response
    head = bytes(response.body)
    return Response(
        b"".join([head, *raw_parts]),
        media_type="application/octet-stream",
        headers={JSON_LENGTH_HEADER: str(len(head))},
    )


def _checked_length(json_length: str, size: int) -> int:
    if not (json_length.isascii() and json_length.isdigit() and len(json_length) < 20 and int(json_length) <= size):
        raise InvalidInput(f"the header {JSON_LENGTH_HEADER} must be a number of bytes within the body")
    return int(json_length)


def _parse_json(content: bytes) -> InferBody:
    try:
        # decode() first: json.loads would guess UTF-16 and UTF-32 from bytes
        parsed = json.loads(content.decode(), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise InvalidInput("the body is not valid UTF-8 JSON") from None
    try:
        return InferBody.model_validate(parsed)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{field or 'the body'}: {first['msg']}", field=field or None) from None


def _tensors(body: InferBody, raw: bytes) -> list[Tensor]:
    tensors: list[Tensor] = []
    position = 0
    for index, item in enumerate(body.inputs):
        where = f"inputs[{index}]"
        size = (item.parameters or {}).get("binary_data_size")
        if (item.data is None) == (size is None):
            raise InvalidInput(f"{where} needs data or the parameter binary_data_size, not both", field=where)
        if item.data is not None:
            tensors.append(decode_json(item.name, item.datatype, item.shape, item.data, where))
            continue
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(raw) - position:
            raise InvalidInput(f"{where}: binary_data_size is not a number of bytes behind the JSON", field=where)
        content = raw[position : position + size]
        tensors.append(decode_raw(item.name, item.datatype, item.shape, content, where))
        position += size
    if position != len(raw):
        raise InvalidInput(f"{len(raw) - position} bytes behind the JSON belong to no input")
    return tensors


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("number out of range")
    return value
