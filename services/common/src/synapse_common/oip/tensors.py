"""Tensors of the protocol as NumPy arrays: raw bytes, typed contents and JSON lists, both ways.

Source of the formats: Open Inference Protocol 2.0, sections "Tensor Data" (REST) and "Raw Tensor Contents" (gRPC).
Everything a caller can get wrong raises `InvalidInput`, which names the input; no size a caller states is allocated
before the data was found to have it.
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
_MAX_DIMENSIONS = 8


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
        if raw and tensor.HasField("contents"):
            raise InvalidInput(f"{where} has both raw and typed contents", field=where)
        if raw:
            tensors.append(decode_raw(tensor.name, tensor.datatype, tensor.shape, raw[index], where))
        else:
            tensors.append(_decode_contents(tensor, where))
    return tensors


def encode_grpc(tensor: Tensor, *, raw: bool) -> tuple[pb.ModelInferResponse.InferOutputTensor, bytes]:
    """Encode an output; the second part is its raw contents, empty when typed contents are used."""
    message = pb.ModelInferResponse.InferOutputTensor(
        name=tensor.name, datatype=tensor.datatype, shape=tensor.data.shape
    )
    if raw:
        return message, encode_raw(tensor)
    field = _TYPES[tensor.datatype][1]
    if field is None:
        raise TypeError(f"{tensor.datatype} has raw contents only")
    getattr(message.contents, field).extend(tensor.data.ravel().tolist())
    return message, b""


def decode_raw(name: str, datatype: str, shape: Sequence[int], content: bytes, where: str) -> Tensor:
    """Decode the raw form: row-major little-endian values; BYTES elements each behind their length."""
    _check_datatype(datatype, where)
    sizes = _checked_shape(shape, where)
    if datatype == "BYTES":
        return Tensor(name, datatype, _objects(_split_bytes(content, math.prod(sizes), where), sizes, where))
    dtype = np.dtype(_TYPES[datatype][0])
    takes = dtype.itemsize * math.prod(sizes)
    if len(content) != takes:
        raise InvalidInput(
            f"{where} has {len(content)} raw bytes; shape {list(sizes)} of {datatype} takes {takes}", field=where
        )
    if datatype == "BOOL" and not set(content) <= {0, 1}:
        raise InvalidInput(f"{where} has a raw byte other than 0 and 1 for a BOOL", field=where)
    return Tensor(name, datatype, _reshaped(np.frombuffer(content, dtype=dtype), sizes, where))


def encode_raw(tensor: Tensor) -> bytes:
    """The raw form of an output."""
    if tensor.datatype == "BYTES":
        return b"".join(struct.pack("<I", len(value)) + value for value in tensor.data.ravel())
    return np.ascontiguousarray(tensor.data, dtype=_TYPES[tensor.datatype][0]).tobytes()


def decode_json(name: str, datatype: str, shape: Sequence[int], values: list[Any], where: str) -> Tensor:
    """Decode the REST form: a list of numbers, booleans or strings, flat or nested like `shape`."""
    _check_datatype(datatype, where)
    sizes = _checked_shape(shape, where)
    flat = _flat(values, sizes, where)
    _check_count(len(flat), sizes, where)
    if datatype == "BYTES":
        return Tensor(name, datatype, _objects([_utf8(value, where) for value in flat], sizes, where))
    wanted: tuple[type, ...] = (bool,) if datatype == "BOOL" else (int, float) if datatype[0] == "F" else (int,)
    # bool is an int to Python, not to the protocol
    if not all(isinstance(value, wanted) and isinstance(value, bool) == (datatype == "BOOL") for value in flat):
        raise InvalidInput(f"{where}.data must hold {datatype} values", field=f"{where}.data")
    return Tensor(name, datatype, _array(flat, datatype, sizes, where))


def encode_json(tensor: Tensor) -> dict[str, Any]:
    """The REST form of an output: row-major flat data."""
    values = tensor.data.ravel().tolist()
    if tensor.datatype == "BYTES":
        values = [value.decode() for value in values]
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.data.shape), "data": values}


def _decode_contents(tensor: pb.ModelInferRequest.InferInputTensor, where: str) -> Tensor:
    _check_datatype(tensor.datatype, where)
    sizes = _checked_shape(tensor.shape, where)
    field = _TYPES[tensor.datatype][1]
    if field is None:
        raise InvalidInput(f"{where}: {tensor.datatype} can only be sent as raw contents", field=where)
    values = list(getattr(tensor.contents, field))
    _check_count(len(values), sizes, where)
    if tensor.datatype == "BYTES":
        return Tensor(tensor.name, "BYTES", _objects(values, sizes, where))
    return Tensor(tensor.name, tensor.datatype, _array(values, tensor.datatype, sizes, where))


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


def _array(values: list[Any], datatype: str, shape: tuple[int, ...], where: str) -> Array:
    try:
        with np.errstate(over="raise"):
            data = np.array(values, dtype=_TYPES[datatype][0])
    except (OverflowError, FloatingPointError):
        raise InvalidInput(f"{where} has a value that does not fit {datatype}", field=where) from None
    return _reshaped(data, shape, where)


def _objects(values: list[bytes], shape: tuple[int, ...], where: str) -> Array:
    data = np.empty(len(values), dtype=object)
    data[:] = values
    return _reshaped(data, shape, where)


def _reshaped(data: Array, shape: tuple[int, ...], where: str) -> Array:
    try:
        return data.reshape(shape)
    except ValueError:  # an empty tensor with other sizes that no array can have
        raise InvalidInput(f"{where}.shape is too large", field=f"{where}.shape") from None


def _flat(values: list[Any], shape: tuple[int, ...], where: str) -> list[Any]:
    """Row-major values of a list that is flat, or nested exactly like `shape`."""
    if not any(isinstance(value, list) for value in values):
        return values
    parts: list[Any] = [values]
    for size in shape:
        if not all(isinstance(part, list) and len(part) == size for part in parts):
            raise InvalidInput(f"{where}.data is not nested like its shape {list(shape)}", field=f"{where}.data")
        parts = [item for part in parts for item in part]
    return parts


def _utf8(value: Any, where: str) -> bytes:
    if not isinstance(value, str):
        raise InvalidInput(f"{where}.data must hold strings", field=f"{where}.data")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"{where}.data holds text that is not valid Unicode", field=f"{where}.data") from None


def _check_datatype(datatype: str, where: str) -> None:
    if datatype not in _TYPES:
        raise InvalidInput(
            f"{where}.datatype {datatype[:20]!r} is unknown; known: {', '.join(_TYPES)}", field=f"{where}.datatype"
        )


def _checked_shape(shape: Sequence[int], where: str) -> tuple[int, ...]:
    if len(shape) > _MAX_DIMENSIONS:
        raise InvalidInput(
            f"{where}.shape has {len(shape)} dimensions; at most {_MAX_DIMENSIONS}", field=f"{where}.shape"
        )
    if any(not 0 <= size < 2**63 for size in shape):
        raise InvalidInput(f"{where}.shape has a size that is negative or too large", field=f"{where}.shape")
    return tuple(shape)


def _check_count(count: int, shape: tuple[int, ...], where: str) -> None:
    if count != math.prod(shape):
        raise InvalidInput(f"{where} has {count} values; its shape {list(shape)} takes {math.prod(shape)}", field=where)
