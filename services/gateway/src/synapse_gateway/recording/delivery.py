"""The stream to the drift monitor: one batch, one acknowledgement; a broken stream is opened again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
from synapse.v1 import drift_pb2 as pb
from synapse.v1 import drift_pb2_grpc as pb_grpc


class MonitorAwayError(Exception):
    """The drift monitor did not take a batch."""


class Delivery:
    """Sends batches over one long-lived stream."""

    def __init__(self, channel: grpc.aio.Channel, ack_timeout_s: float) -> None:
        self._stub: Any = pb_grpc.DriftMonitorServiceStub(channel)
        self._ack_timeout_s = ack_timeout_s
        self._stream: Any = None

    async def send(self, events: Sequence[pb.PredictionEvent]) -> pb.RecordResponse:
        """Send one batch and wait for its acknowledgement.

        Raises:
            MonitorAwayError: it cannot be reached, ended the stream, or did not acknowledge in time.
        """
        if self._stream is None:
            self._stream = self._stub.Record()
        try:
            async with asyncio.timeout(self._ack_timeout_s):
                await self._stream.write(pb.RecordRequest(events=events))
                response = await self._stream.read()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError) as error:
            self.close()
            raise MonitorAwayError(_reason(error)) from None
        if not isinstance(response, pb.RecordResponse):  # end of stream
            self.close()
            raise MonitorAwayError("it ended the stream")
        return response

    def close(self) -> None:
        """End the stream; the next batch opens a new one."""
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None


def _reason(error: Exception) -> str:
    if isinstance(error, grpc.aio.AioRpcError):
        return error.code().name
    return "no acknowledgement in time" if isinstance(error, TimeoutError) else "the stream is over"
