"""A drift monitor that can go away and come back."""

from collections.abc import AsyncIterator

import grpc
import pytest
from gateway_fakes.peers import FakeDriftMonitor
from synapse.v1 import drift_pb2_grpc


class Monitor:
    """A fake monitor on a port that stays the same, and a channel to it."""

    def __init__(self) -> None:
        self.fake = FakeDriftMonitor()
        self._port = 0

    async def start(self) -> None:
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        drift_pb2_grpc.add_DriftMonitorServiceServicer_to_server(self.fake, self._server)
        self._port = self._server.add_insecure_port(f"127.0.0.1:{self._port}")
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop(None)

    def channel(self) -> grpc.aio.Channel:
        options = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 100)]
        return grpc.aio.insecure_channel(f"127.0.0.1:{self._port}", options=options)


@pytest.fixture
async def monitor() -> AsyncIterator[Monitor]:
    made = Monitor()
    await made.start()
    yield made
    await made.stop()
