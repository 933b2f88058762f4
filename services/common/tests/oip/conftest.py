import asyncio
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from synapse_common.oip import InferenceHandler, TensorSpec
from synapse_common.oip.tensors import Array


class UpperModel:
    """Upper-cases texts and tells their lengths; satisfies `InferenceModel`."""

    name = "upper"
    version = "v1"
    inputs: Sequence[TensorSpec] = (TensorSpec("text", "BYTES", (-1,)), TensorSpec("weight", "FP32", (-1, 2)))
    outputs: Sequence[TensorSpec] = (TensorSpec("upper", "BYTES", (-1,)), TensorSpec("sum", "FP32", (-1,)))
    parameters: Mapping[str, str] = {"note": "a test model"}
    max_batch = 3

    def __init__(self) -> None:
        self.deadlines: list[float | None] = []
        self.error: Exception | None = None
        self.entered = asyncio.Event()
        self.release: asyncio.Event | None = None
        self.cancelled = False

    async def infer(self, inputs: Mapping[str, Array], deadline_s: float | None) -> Mapping[str, Array]:
        self.deadlines.append(deadline_s)
        self.entered.set()
        if self.error is not None:
            raise self.error
        if self.release is not None:
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        upper = np.array([text.upper() for text in inputs["text"]], dtype=object)
        return {"upper": upper, "sum": inputs["weight"].sum(axis=1)}


@pytest.fixture
async def model() -> UpperModel:
    return UpperModel()


@pytest.fixture
def handler(model: UpperModel) -> InferenceHandler:
    handler = InferenceHandler("synapse-test", "1.2.3")
    handler.set_model(model)
    return handler
