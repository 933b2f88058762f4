"""Tensors of the protocol as NumPy arrays: raw bytes, typed contents and JSON lists, both ways.

Source of the formats: Open Inference Protocol 2.0, sections "Tensor Data" (REST) and "Raw Tensor Contents" (gRPC).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from synapse.oip import open_inference_pb2 as pb
from synapse_common.errors import InvalidInput

Array: TypeAlias = npt.NDArray[Any]

# Protocol datatype -> (NumPy type, field of InferTensorContents). BYTES has a format of its own; FP16 is raw only.
_TYPES: dict[str, tuple[str, str | None]] = {
    "BOOL": ("?", "bool_contents"),
    "UINT8": ("<u1", "uint_contents"),
    "UINT16": ("<u2", "uint_contents"),
    "UINT32": ("<u4", "uint_contents"),
    "UINT64": ("<u8", "uint64_contents"),
    "INT8": ("<i1", "int_contents"),
    "INT16": ("<i2", "int_contents"),
    "INT32": ("<i4", "int_contents"),
    "INT64": ("<i8", "int64_contents"),
    "FP16": ("<f2", None),
    "FP32": ("<f4", "fp32_contents"),
    "FP64": ("<f8", "fp64_contents"),
    "BYTES": ("O", "bytes_contents"),
}


@dataclass(frozen=True)
class Tensor:
    """A named tensor; `data` has the tensor's shape (BYTES: object array of `bytes`)."""

    name: str
    datatype: str
    data: Array


def datatype_of(data: Array) -> str:
    """The protocol's name for an array's type."""
    for name, (dtype, _) in _TYPES.items():
        if data.dtype == np.dtype(dtype):
            return name
    raise TypeError(f"no protocol datatype for {data.dtype}")


def decode_grpc(request: pb.ModelInferRequest) -> list[Tensor]:
    """Decode every input, raw or typed.

    Raises:
        InvalidInput: names the input whose type, shape or size is wrong.
    """
    raw = request.raw_input_contents
    if raw and len(raw) != len(request.inputs):
        raise InvalidInput(
            f"raw_input_contents has {len(raw)} entries for {len(request.inputs)} inputs", field="raw_input_contents"
        )
    tensors = []
    for index, tensor in enumerate(request.inputs):
        where = f"inputs[{index}]"
        shape = _checked_shape(tensor.shape, where)
        _checked_datatype(tensor.datatype, where)
        if raw:
            data = _from_raw(raw[index], tensor.datatype, shape, where)
        else:
            data = _from_contents(tensor, shape, where)
        tensors.append(Tensor(tensor.name, tensor.datatype, data))
    return tensors


def encode_grpc(tensor: Tensor, *, raw: bool) -> tuple[pb.ModelInferResponse.InferOutputTensor, bytes]:
    """Encode an output; the second part is its raw contents, empty when typed contents are used."""
    message = pb.ModelInferResponse.InferOutputTensor(
        name=tensor.name, datatype=tensor.datatype, shape=tensor.data.shape
    )
    if raw:
        return message, _to_raw(tensor)
    field = _TYPES[tensor.datatype][1]
    if field is None:
        raise TypeError(f"{tensor.datatype} has raw contents only")
    getattr(message.contents, field).extend(tensor.data.ravel().tolist())
    return message, b""


def decode_json(name: str, datatype: str, shape: Sequence[int], values: Any, where: str) -> Tensor:
    """Decode the REST form: a flat or nested list of numbers, booleans or strings."""
    _checked_datatype(datatype, where)
    expected = _checked_shape(shape, where)
    flat: list[Any] = []
    _flatten(values, flat)
    _check_count(len(flat), expected, where)
    if datatype == "BYTES":
        if not all(isinstance(value, str) for value in flat):
            raise InvalidInput(f"{where}.data must hold strings", field=f"{where}.data")
        return Tensor(name, datatype, _objects([_utf8(value, where) for value in flat], expected))
    wanted: tuple[type, ...] = (bool,) if datatype == "BOOL" else (int, float) if datatype[0] == "F" else (int,)
    if not all(isinstance(value, wanted) and (datatype == "BOOL" or not isinstance(value, bool)) for value in flat):
        raise InvalidInput(f"{where}.data must hold {datatype} values", field=f"{where}.data")
    return Tensor(name, datatype, _array(flat, datatype, expected, where))


def encode_json(tensor: Tensor) -> dict[str, Any]:
    """The REST form of an output: row-major flat data."""
    values = tensor.data.ravel().tolist()
    if tensor.datatype == "BYTES":
        values = [value.decode() for value in values]
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.data.shape), "data": values}


def _from_raw(content: bytes, datatype: str, shape: tuple[int, ...], where: str) -> Array:
    if datatype == "BYTES":
        return _objects(_split_bytes(content, math.prod(shape), where), shape)
    dtype = np.dtype(_TYPES[datatype][0])
    if len(content) != dtype.itemsize * math.prod(shape):
        raise InvalidInput(
            f"{where} has {len(content)} raw bytes; shape {list(shape)} of {datatype} takes "
            f"{dtype.itemsize * math.prod(shape)}",
            field=where,
        )
    return np.frombuffer(content, dtype=dtype).reshape(shape)


def _from_contents(tensor: pb.ModelInferRequest.InferInputTensor, shape: tuple[int, ...], where: str) -> Array:
    field = _TYPES[tensor.datatype][1]
    if field is None:
        raise InvalidInput(f"{where}: {tensor.datatype} can only be sent as raw contents", field=where)
    values = getattr(tensor.contents, field)
    _check_count(len(values), shape, where)
    if tensor.datatype == "BYTES":
        return _objects(list(values), shape)
    return _array(values, tensor.datatype, shape, where)


def _to_raw(tensor: Tensor) -> bytes:
    if tensor.datatype == "BYTES":
        return b"".join(struct.pack("<I", len(value)) + value for value in tensor.data.ravel())
    return np.ascontiguousarray(tensor.data, dtype=_TYPES[tensor.datatype][0]).tobytes()


def _split_bytes(content: bytes, count: int, where: str) -> list[bytes]:
    """Elements of a raw BYTES tensor: each a 4-byte little-endian length, then that many bytes."""
    values: list[bytes] = []
    position = 0
    while position < len(content) and len(values) < count:
        if position + 4 > len(content):
            raise InvalidInput(f"{where} ends inside an element's length", field=where)
        (length,) = struct.unpack_from("<I", content, position)
        position += 4
        if position + length > len(content):
            raise InvalidInput(f"{where} ends inside an element", field=where)
        values.append(content[position : position + length])
        position += length
    if position != len(content) or len(values) != count:
        raise InvalidInput(f"{where} does not hold exactly {count} BYTES elements", field=where)
    return values


def _array(values: Sequence[Any], datatype: str, shape: tuple[int, ...], where: str) -> Array:
    try:
        return np.array(values, dtype=_TYPES[datatype][0]).reshape(shape)
    except (OverflowError, ValueError):
        raise InvalidInput(f"{where} has a value that does not fit {datatype}", field=where) from None


def _objects(values: list[bytes], shape: tuple[int, ...]) -> Array:
    data = np.empty(len(values), dtype=object)
    data[:] = values
    return data.reshape(shape)


def _flatten(values: Any, into: list[Any]) -> None:
    """Depth is bounded by the JSON parser's own limit."""
    if isinstance(values, list):
        for value in values:
            _flatten(value, into)
    else:
        into.append(values)


def _utf8(value: str, where: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"{where}.data holds text that is not valid Unicode", field=f"{where}.data") from None


def _checked_datatype(datatype: str, where: str) -> None:
    if datatype not in _TYPES:
        raise InvalidInput(
            f"{where}.datatype {datatype[:20]!r} is unknown; known: {', '.join(_TYPES)}", field=f"{where}.datatype"
        )


def _checked_shape(shape: Sequence[int], where: str) -> tuple[int, ...]:
    sizes = tuple(int(size) for size in shape)
    if any(size < 0 for size in sizes):
        raise InvalidInput(f"{where}.shape has a negative size", field=f"{where}.shape")
    return sizes


def _check_count(count: int, shape: tuple[int, ...], where: str) -> None:
    if count != math.prod(shape):
        raise InvalidInput(
            f"{where} has {count} values; its shape {list(shape)} takes {math.prod(shape)}", field=where
        )
