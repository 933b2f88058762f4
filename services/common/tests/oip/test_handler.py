from typing import Any

import numpy as np
import pytest
from synapse_common.errors import Internal, InvalidInput, NotFound, Unavailable
from synapse_common.oip import InferenceHandler, Tensor


def text(*values: str) -> Tensor:
    return Tensor("text", "BYTES", np.array([value.encode() for value in values], dtype=object))


def weight(count: int, width: int = 2) -> Tensor:
    return Tensor("weight", "FP32", np.ones((count, width), dtype=np.float32))


def test_before_a_model_is_loaded_it_is_unavailable_and_not_ready() -> None:
    handler = InferenceHandler("synapse-test", "1")
    assert not handler.ready
    with pytest.raises(Unavailable):
        handler.model("upper")


def test_while_draining_it_answers_but_is_not_ready(handler: InferenceHandler) -> None:
    assert handler.ready
    handler.drain()
    assert not handler.ready
    assert handler.model("upper").version == "v1"


@pytest.mark.parametrize(("name", "version", "field"), [("lower", "", "model_name"), ("upper", "v2", "model_version")])
def test_another_name_or_version_is_not_found(name: str, version: str, field: str, handler: InferenceHandler) -> None:
    with pytest.raises(NotFound) as caught:
        handler.model(name, version)
    assert caught.value.field == field


async def test_outputs_come_as_asked_for(handler: InferenceHandler) -> None:
    upper = handler.model("upper", "v1")
    every = await handler.infer(upper, [text("a", "b"), weight(2)], [], None)
    assert [(tensor.name, tensor.datatype, tensor.data.tolist()) for tensor in every] == [
        ("upper", "BYTES", [b"A", b"B"]),
        ("sum", "FP32", [2.0, 2.0]),
    ]
    (one,) = await handler.infer(upper, [weight(1), text("a")], ["sum"], None)
    assert one.name == "sum"


@pytest.mark.parametrize(
    ("tensors", "requested", "field"),
    [
        ([text("a")], [], "inputs"),
        ([text("a"), weight(1), text("b")], [], "inputs[2].name"),
        ([text("a"), Tensor("other", "FP32", np.ones((1, 2)))], [], "inputs[1].name"),
        ([text("a"), Tensor("weight", "FP64", np.ones((1, 2)))], [], "inputs[1].datatype"),
        ([text("a"), weight(1, width=3)], [], "inputs[1].shape"),
        ([text("a"), Tensor("weight", "FP32", np.ones(2, dtype=np.float32))], [], "inputs[1].shape"),
        ([text(), weight(0)], [], "inputs[0].shape"),
        ([text("a", "b", "c", "d"), weight(4)], [], "inputs[0].shape"),
        ([text("a"), weight(1)], ["upper", "lower"], "outputs[1].name"),
    ],
)
async def test_a_request_that_breaks_a_rule_names_the_field(
    tensors: list[Tensor], requested: list[str], field: str, handler: InferenceHandler
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await handler.infer(handler.model("upper"), tensors, requested, None)
    assert caught.value.field == field


async def test_a_model_that_does_not_give_what_it_promised_is_a_fault_of_ours(
    handler: InferenceHandler, model: Any
) -> None:
    async def forgetful(inputs: Any, deadline_s: Any) -> dict[str, Any]:
        return {}

    model.infer = forgetful
    with pytest.raises(Internal):
        await handler.infer(model, [text("a"), weight(1)], [], None)
