"""A model behind the Open Inference Protocol (gRPC, raw tensor contents)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
from synapse.oip import open_inference_pb2 as pb
from synapse.oip import open_inference_pb2_grpc as pb_grpc
from synapse_common.errors import Unavailable

from synapse_gateway.clients.peer import peer_errors
from synapse_gateway.deadline import Deadline

Array = npt.NDArray[Any]

# Datatypes that our models answer with: little-endian, as the protocol's raw contents are.
_DTYPES = {"FP32": "<f4", "FP64": "<f8", "INT64": "<i8", "BOOL": "?"}


@dataclass(frozen=True)
class InputTensor:
    """One input, with its contents in the protocol's raw form."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    raw: bytes

    @classmethod
    def of_texts(cls, name: str, texts: Sequence[str]) -> InputTensor:
        """BYTES [n]: each element with its length, 4 bytes, little-endian, in front."""
        encoded = [text.encode() for text in texts]
        raw = b"".join(struct.pack("<I", len(item)) + item for item in encoded)
        return cls(name, "BYTES", (len(encoded),), raw)

    @classmethod
    def of_doubles(cls, name: str, values: npt.NDArray[np.float64]) -> InputTensor:
        """FP64 of the array's shape."""
        return cls(name, "FP64", values.shape, np.ascontiguousarray(values, dtype="<f8").tobytes())


@dataclass(frozen=True)
class Inference:
    """Outputs by name, and the model version that gave them."""

    model_version: str
    outputs: Mapping[str, Array]


@dataclass(frozen=True)
class Metadata:
    """What the model says of itself."""

    model_version: str
    parameters: Mapping[str, str]


class Predictor:
    """One model of one server."""

    def __init__(self, channel: grpc.aio.Channel, model: str, timeout_s: float) -> None:
        self.model = model
        self._stub: Any = pb_grpc.GRPCInferenceServiceStub(channel)
        self._timeout_s = timeout_s
        self._peer = f"{model} predictor"

    async def check_ready(self, deadline: Deadline) -> None:
        """Return when the model answers.

        Raises:
            Unavailable: it does not, or cannot be reached.
        """
        with peer_errors(self._peer):
            request = pb.ModelReadyRequest(name=self.model)
            response = await self._stub.ModelReady(request, timeout=deadline.within(self._timeout_s))
        if not response.ready:
            raise Unavailable(f"the {self._peer} has not loaded its model yet", retry_after_s=1)

    async def metadata(self, deadline: Deadline, version: str = "") -> Metadata:
        """Describe `version` of the model, or the one that is loaded.

        Raises:
            Unavailable: it cannot be reached, or this version is gone.
        """
        request = pb.ModelMetadataRequest(name=self.model, version=version)
        with peer_errors(self._peer):
            try:
                response = await self._stub.ModelMetadata(request, timeout=deadline.within(self._timeout_s))
            except grpc.aio.AioRpcError as error:
                if version and error.code() is grpc.StatusCode.NOT_FOUND:
                    raise Unavailable(f"the {self._peer} is changing its version; try again", retry_after_s=1) from None
                raise
        if len(response.versions) != 1:
            raise self.nonsense("metadata without exactly one version")
        parameters = {name: value.string_param for name, value in response.parameters.items()}
        return Metadata(response.versions[0], parameters)

    async def infer(
        self, inputs: Sequence[InputTensor], outputs: Mapping[str, tuple[str, tuple[int, ...]]], deadline: Deadline
    ) -> Inference:
        """Run the model on one batch.

        Args:
            inputs: the model's inputs.
            outputs: expected outputs by name, each with datatype and exact shape.
            deadline: when the caller stops waiting.

        Raises:
            Unavailable: it cannot be reached, or answers something else than the expected outputs.
            DeadlineExceeded: no answer in time.
            ResourceExhausted: it has too much work.
        """
        request = pb.ModelInferRequest(
            model_name=self.model,
            inputs=[
                pb.ModelInferRequest.InferInputTensor(name=item.name, datatype=item.datatype, shape=item.shape)
                for item in inputs
            ],
            outputs=[pb.ModelInferRequest.InferRequestedOutputTensor(name=name) for name in outputs],
            raw_input_contents=[item.raw for item in inputs],
        )
        with peer_errors(self._peer):
            response = await self._stub.ModelInfer(request, timeout=deadline.within(self._timeout_s))
        return Inference(response.model_version, self._decode(response, outputs))

    def nonsense(self, what: str) -> Unavailable:
        """The error for an answer that is not what the protocol, or the model's contract, says."""
        return Unavailable(f"the {self._peer} answered nonsense: {what}", retry_after_s=1)

    def _decode(
        self, response: pb.ModelInferResponse, expected: Mapping[str, tuple[str, tuple[int, ...]]]
    ) -> dict[str, Array]:
        if len(response.outputs) != len(response.raw_output_contents):
            raise self.nonsense("outputs without raw contents")
        found: dict[str, Array] = {}
        for tensor, content in zip(response.outputs, response.raw_output_contents, strict=True):
            if tensor.name not in expected:
                continue
            datatype, shape = expected[tensor.name]
            dtype = np.dtype(_DTYPES[datatype])
            size = dtype.itemsize * int(np.prod(shape))
            if tensor.datatype != datatype or tuple(tensor.shape) != shape or len(content) != size:
                raise self.nonsense(f"output `{tensor.name}` has another type or shape")
            found[tensor.name] = np.frombuffer(content, dtype=dtype).reshape(shape)
        if missing := [name for name in expected if name not in found]:
            raise self.nonsense(f"no output `{missing[0]}`")
        return found
