"""Sends messages through the gateway as a chat product would, several at a time, and times them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import grpc
from synapse.v1 import moderation_pb2, moderation_pb2_grpc

from synapse_cli.client import Connection

_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class TrafficResult:
    """What came of it: milliseconds of each call, how many were flagged, and over how long."""

    latencies_ms: list[float]
    flagged: int
    seconds: float


def moderate_all(
    connection: Connection, texts: Sequence[str], *, concurrency: int, on_progress: Callable[[int], None]
) -> TrafficResult:
    """Moderate `texts`, one a call, `concurrency` calls at a time.

    Raises:
        grpc.RpcError: any call failed.
    """
    return asyncio.run(_moderate_all(connection, texts, concurrency, on_progress))


async def _moderate_all(
    connection: Connection, texts: Sequence[str], concurrency: int, on_progress: Callable[[int], None]
) -> TrafficResult:
    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(connection.ca.read_bytes()), grpc.access_token_call_credentials(connection.token)
    )
    latencies: list[float] = []
    flagged = 0
    pending = iter(texts)
    done = itertools.count(1)
    async with grpc.aio.secure_channel(connection.address, credentials) as channel:
        stub: moderation_pb2_grpc.ModerationServiceAsyncStub = moderation_pb2_grpc.ModerationServiceStub(channel)

        async def worker() -> None:
            nonlocal flagged
            for text in pending:
                started = time.perf_counter()
                response = await stub.Moderate(moderation_pb2.ModerateRequest(texts=[text]), timeout=_TIMEOUT_S)
                latencies.append((time.perf_counter() - started) * 1000)
                flagged += response.results[0].flagged
                on_progress(next(done))

        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(worker())
        return TrafficResult(latencies, flagged, time.perf_counter() - started)
