"""Fake predictors that speak the Open Inference Protocol."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

import grpc
import numpy as np
from synapse.oip import open_inference_pb2 as pb
from synapse.oip import open_inference_pb2_grpc as pb_grpc
from synapse_common.taxonomy import CATEGORIES

BAD_WORD = "badword"
"""A text with it is flagged as harassment."""


def _texts(raw: bytes) -> list[str]:
    texts, position = [], 0
    while position < len(raw):
        (length,) = struct.unpack_from("<I", raw, position)
        texts.append(raw[position + 4 : position + 4 + length].decode())
        position += 4 + length
    return texts


class FakePredictor(pb_grpc.GRPCInferenceServiceServicer):
    """What both fakes share: a version, failures to order, and a gate that calls wait at."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = "v1"
        self.fails_with: grpc.StatusCode | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.held = asyncio.Event()
        """Set once a call waits at the gate."""
        self.garbled = False
        self.parameters: dict[str, str] = {}
        self.metadata_calls = 0

    async def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        return pb.ModelReadyResponse(ready=request.name == self.name)

    async def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.metadata_calls += 1
        if request.version not in ("", self.version):
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such version")
        parameters = {name: pb.InferParameter(string_param=value) for name, value in self.parameters.items()}
        return pb.ModelMetadataResponse(name=self.name, versions=[self.version], parameters=parameters)

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        if not self.gate.is_set():
            self.held.set()
            await self.gate.wait()
        if self.fails_with is not None:
            await context.abort(self.fails_with, "as ordered")
        outputs = {} if self.garbled else self.outputs(request)
        response = pb.ModelInferResponse(model_name=self.name, model_version=self.version)
        for name, (datatype, array) in outputs.items():
            response.outputs.add(name=name, datatype=datatype, shape=array.shape)
            response.raw_output_contents.append(array.tobytes())
        return response

    def outputs(self, request: Any) -> dict[str, tuple[str, np.ndarray]]:
        raise NotImplementedError


class FakeModerationPredictor(FakePredictor):
    """Flags texts that hold `BAD_WORD`; remembers every batch."""

    def __init__(self) -> None:
        super().__init__("moderation")
        self.batches: list[list[str]] = []
        self.set_threshold(0.5)

    def set_threshold(self, value: float) -> None:
        thresholds = dict.fromkeys(CATEGORIES, value)
        self.parameters = {"categories": json.dumps(CATEGORIES), "thresholds": json.dumps(thresholds)}
        self.threshold = value

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch]

    def outputs(self, request: Any) -> dict[str, tuple[str, np.ndarray]]:
        texts = _texts(request.raw_input_contents[0])
        self.batches.append(texts)
        scores = np.full((len(texts), len(CATEGORIES)), 0.1, dtype="<f4")
        for row, text in enumerate(texts):
            if BAD_WORD in text:
                scores[row, CATEGORIES.index("harassment")] = 0.9
        flagged = (scores >= np.float32(self.threshold)).any(axis=1)
        return {"category_scores": ("FP32", scores), "flagged": ("BOOL", flagged)}


class FakeClusteringPredictor(FakePredictor):
    """Puts a user into the cluster that the first feature names; the distance is the second."""

    def __init__(self) -> None:
        super().__init__("clustering")
        self.set_features("sessions", "minutes")

    def set_features(self, *names: str) -> None:
        features = [{"name": name, "unit": "1", "description": name} for name in names]
        self.parameters = {"features": json.dumps(features)}

    def outputs(self, request: Any) -> dict[str, tuple[str, np.ndarray]]:
        matrix = np.frombuffer(request.raw_input_contents[0], "<f8").reshape(tuple(request.inputs[0].shape))
        return {
            "cluster": ("INT64", matrix[:, 0].astype("<i8")),
            "distance": ("FP64", np.ascontiguousarray(matrix[:, 1])),
            "margin": ("FP64", np.ones(len(matrix))),
        }
