"""Fake predictors on plain channels; TLS is the whole system's test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
from gateway_fakes.predictors import FakeClusteringPredictor, FakeModerationPredictor, FakePredictor
from synapse.oip import open_inference_pb2_grpc as pb_grpc
from synapse_gateway.clients.predictor import Predictor


@asynccontextmanager
async def served(fake: FakePredictor, timeout_s: float = 5) -> AsyncIterator[Predictor]:
    server = grpc.aio.server()
    pb_grpc.add_GRPCInferenceServiceServicer_to_server(fake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Predictor(channel, fake.name, timeout_s)
    await server.stop(None)


@pytest.fixture
async def moderation() -> AsyncIterator[tuple[FakeModerationPredictor, Predictor]]:
    fake = FakeModerationPredictor()
    async with served(fake) as predictor:
        yield fake, predictor


@pytest.fixture
async def clustering() -> AsyncIterator[tuple[FakeClusteringPredictor, Predictor]]:
    fake = FakeClusteringPredictor()
    async with served(fake) as predictor:
        yield fake, predictor


@pytest.fixture
async def slow_moderation() -> AsyncIterator[tuple[FakeModerationPredictor, Predictor]]:
    """One that holds every call, and a client that waits a tenth of a second."""
    fake = FakeModerationPredictor()
    fake.gate.clear()
    async with served(fake, timeout_s=0.1) as predictor:
        yield fake, predictor
        fake.gate.set()
