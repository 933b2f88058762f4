import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from synapse.oip import open_inference_pb2 as pb
from synapse_common.errors import InvalidInput
from synapse_common.oip.tensors import (
    Tensor,
    datatype_of,
    decode_grpc,
    decode_json,
    decode_raw,
    encode_grpc,
    encode_json,
    encode_raw,
)

NUMERIC = {
    "BOOL": "?",
    "UINT8": "<u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "<i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}
SHAPES = npst.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)
HUGE = [[2**62, 4], [2**40, 2**40], [2**63 - 1] * 8, [10**9], [0, 2**62, 2**62], [1] * 9, [1] * 1000, [2**62] * 2000]


def bytes_array(elements: st.SearchStrategy[bytes]) -> st.SearchStrategy[Any]:
    def fill(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
        size = int(np.prod(shape))
        return st.lists(elements, min_size=size, max_size=size).map(
            lambda values: np.array([*values, None], dtype=object)[:-1].reshape(shape)
        )

    return SHAPES.flatmap(fill)


def tensors(*, finite: bool, text: bool) -> st.SearchStrategy[Tensor]:
    """Tensors of every datatype; with `text`, BYTES that are UTF-8."""
    floats = {"allow_nan": False, "allow_infinity": not finite}
    numeric = [
        npst.arrays(dtype, SHAPES, elements=floats if "f" in dtype else None).map(
            lambda data, name=name: Tensor("t", name, data)
        )
        for name, dtype in NUMERIC.items()
    ]
    elements = st.text().map(str.encode) if text else st.binary()
    return st.one_of(*numeric, bytes_array(elements).map(lambda data: Tensor("t", "BYTES", data)))


def assert_same(decoded: Tensor, original: Tensor) -> None:
    assert (decoded.name, decoded.datatype) == (original.name, original.datatype)
    assert decoded.data.shape == original.data.shape
    assert decoded.data.dtype == original.data.dtype
    np.testing.assert_array_equal(decoded.data, original.data)


def sent_back(tensor: Tensor, *, raw: bool) -> pb.ModelInferRequest:
    """A request with what `encode_grpc` made."""
    message, content = encode_grpc(tensor, raw=raw)
    request = pb.ModelInferRequest(raw_input_contents=[content] if raw else [])
    request.inputs.add(
        name=message.name,
        datatype=message.datatype,
        shape=message.shape,
        contents=message.contents if message.HasField("contents") else None,
    )
    return request


@given(tensors(finite=False, text=False))
def test_raw_contents_round_trip(tensor: Tensor) -> None:
    (decoded,) = decode_grpc(sent_back(tensor, raw=True))
    assert_same(decoded, tensor)


@given(tensors(finite=False, text=False).filter(lambda tensor: tensor.datatype != "FP16"))
def test_typed_contents_round_trip(tensor: Tensor) -> None:
    (decoded,) = decode_grpc(sent_back(tensor, raw=False))
    assert_same(decoded, tensor)


@given(tensors(finite=True, text=True))
def test_json_round_trip(tensor: Tensor) -> None:
    part = json.loads(json.dumps(encode_json(tensor)))
    assert_same(decode_json(part["name"], part["datatype"], part["shape"], part["data"], "inputs[0]"), tensor)


@given(tensors(finite=True, text=True).filter(lambda tensor: 0 not in tensor.data.shape))
def test_nested_json_is_the_same_as_flat(tensor: Tensor) -> None:
    nested = tensor.data.tolist()
    if tensor.datatype == "BYTES":
        nested = np.vectorize(bytes.decode, otypes=[object])(tensor.data).tolist()
    assert_same(decode_json("t", tensor.datatype, tensor.data.shape, nested, "inputs[0]"), tensor)


def request(datatype: str, shape: list[int], *, raw: bytes | None = None, **contents: Any) -> pb.ModelInferRequest:
    made = pb.ModelInferRequest(raw_input_contents=[] if raw is None else [raw])
    made.inputs.add(name="t", datatype=datatype, shape=shape, contents=contents or None)
    return made


def outcome(decode: Callable[[], Tensor]) -> Tensor | InvalidInput:
    try:
        return decode()
    except InvalidInput as error:
        return error


@given(
    st.sampled_from([*NUMERIC, "BYTES", "STRING", ""]),
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 4), max_size=10),
    st.binary(max_size=64),
)
def test_no_raw_bytes_raise_anything_but_invalid_input(datatype: str, shape: list[int], content: bytes) -> None:
    result = outcome(lambda: decode_grpc(request(datatype, shape, raw=content))[0])
    if isinstance(result, InvalidInput):
        assert str(result.field).startswith("inputs[0]")
    else:
        assert list(result.data.shape) == shape
        assert encode_raw(result) == content


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=8,
)


@given(
    st.sampled_from([*NUMERIC, "BYTES", "STRING"]),
    st.lists(st.integers(-2, 4) | st.integers(), max_size=4),
    st.lists(JSON_VALUES, max_size=6),
)
def test_no_json_raises_anything_but_invalid_input(datatype: str, shape: list[int], values: list[Any]) -> None:
    result = outcome(lambda: decode_json("t", datatype, shape, values, "inputs[0]"))
    if isinstance(result, InvalidInput):
        assert str(result.field).startswith("inputs[0]")
    else:
        assert list(result.data.shape) == shape


@pytest.mark.parametrize("shape", HUGE, ids=str)
@pytest.mark.parametrize("datatype", ["FP32", "BYTES"])
def test_a_shape_far_larger_than_the_data_is_refused_whatever_its_product(datatype: str, shape: list[int]) -> None:
    with pytest.raises(InvalidInput):
        decode_grpc(request(datatype, shape, raw=b"\x00" * 16))
    with pytest.raises(InvalidInput):
        decode_grpc(request(datatype, shape, bytes_contents=[b"a"], fp32_contents=[1.0]))
    with pytest.raises(InvalidInput):
        decode_json("t", datatype, shape, [], "inputs[0]")


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (request("FP32", [-1], raw=b""), "inputs[0].shape"),
        (request("FP32", [1], raw=b"\x00" * 3), "inputs[0]"),
        (request("BOOL", [1], raw=b"\x02"), "inputs[0]"),
        (request("BYTES", [1], raw=b"\x01\x00"), "inputs[0]"),
        (request("BYTES", [1], raw=b"\x02\x00\x00\x00a"), "inputs[0]"),
        (request("BYTES", [1], raw=b"\xff\xff\xff\xffa"), "inputs[0]"),
        (request("BYTES", [2], raw=b"\x01\x00\x00\x00a"), "inputs[0]"),
        (request("BYTES", [0], raw=b"\x01\x00\x00\x00a"), "inputs[0]"),
        (request("FP32", [2], fp32_contents=[1.0]), "inputs[0]"),
        (request("FP32", [1], int_contents=[1]), "inputs[0]"),
        (request("UINT8", [1], uint_contents=[256]), "inputs[0]"),
        (request("INT8", [1], int_contents=[-129]), "inputs[0]"),
        (request("FP16", [1], fp32_contents=[1.0]), "inputs[0]"),
        (request("TEXT", [1], raw=b"a"), "inputs[0].datatype"),
        (request("FP32", [1], raw=b"\x00" * 4, fp32_contents=[1.0]), "inputs[0]"),
        (pb.ModelInferRequest(raw_input_contents=[b"a"]), "raw_input_contents"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_named(made: pb.ModelInferRequest, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        decode_grpc(made)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("datatype", "shape", "values"),
    [
        ("INT32", [1], [1.5]),
        ("INT32", [1], [True]),
        ("BOOL", [1], [1]),
        ("FP32", [1], [True]),
        ("FP32", [1], [1e300]),
        ("FP32", [1], [10**400]),
        ("FP32", [1], ["1"]),
        ("UINT8", [1], [-1]),
        ("BYTES", [1], [1]),
        ("BYTES", [1], ["\ud800"]),
        ("FP32", [2, 2], [[1.0], [2.0, 3.0, 4.0]]),
        ("FP32", [4], [[1.0, 2.0], [3.0, 4.0]]),
        ("FP32", [2], [[1.0], 2.0]),
        ("FP32", [1], [None]),
        ("FP32", [1], [{}]),
    ],
    ids=str,
)
def test_json_values_must_be_of_the_datatype_and_nested_like_the_shape(
    datatype: str, shape: list[int], values: list[Any]
) -> None:
    with pytest.raises(InvalidInput):
        decode_json("t", datatype, shape, values, "inputs[0]")


def test_a_whole_number_is_a_float_too() -> None:
    assert decode_json("t", "FP64", [2], [1, 2.5], "inputs[0]").data.tolist() == [1.0, 2.5]


def test_every_datatype_is_told_from_its_array() -> None:
    for name, dtype in NUMERIC.items():
        assert datatype_of(np.zeros(1, dtype)) == name
    assert datatype_of(np.array([b"a"], dtype=object)) == "BYTES"
    with pytest.raises(TypeError):
        datatype_of(np.zeros(1, dtype=np.complex64))


def test_raw_bytes_elements_may_be_empty() -> None:
    decoded = decode_raw("t", "BYTES", [2], b"\x00\x00\x00\x00\x01\x00\x00\x00a", "inputs[0]")
    assert decoded.data.tolist() == [b"", b"a"]
