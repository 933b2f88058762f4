"""The queue between requests and the drift monitor. Requests never wait for it and never fail because of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from synapse.v1 import drift_pb2 as pb
from synapse_common.language import detect_language
from synapse_common.logs import get_logger

from synapse_gateway.metrics import DropReason, GatewayMetrics
from synapse_gateway.recording.delivery import Delivery, MonitorAwayError
from synapse_gateway.recording.events import Pending, event_of
from synapse_gateway.settings import RecorderSettings
from synapse_gateway.verdict import Observation

_log = get_logger(__name__)
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 1.0


class Recorder:
    """Turns observations into events in a thread of its own and delivers them in batches.

    While the monitor is away, a batch is tried again for `hold_s`, so that a restart of the monitor loses nothing.
    After that, events are dropped and counted until it is back.
    """

    def __init__(self, delivery: Delivery, settings: RecorderSettings, metrics: GatewayMetrics) -> None:
        self._delivery = delivery
        self._settings = settings
        self._metrics = metrics
        self._queue: asyncio.Queue[Pending] = asyncio.Queue(settings.queue_size)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._task: asyncio.Task[None] | None = None
        self._away_since: float | None = None

    async def start(self) -> None:
        """Load the language models and begin to deliver; does nothing the second time."""
        if self._task is None:
            await asyncio.get_running_loop().run_in_executor(self._thread, detect_language, "hello")
            self._task = asyncio.create_task(self._run())

    def submit(self, observation: Observation) -> None:
        """Queue an observation; dropped and counted when the queue is full."""
        try:
            self._queue.put_nowait(Pending.now(observation))
        except asyncio.QueueFull:
            self._drop(1, "queue full")

    async def close(self) -> None:
        """Deliver what waits, for `flush_s` at most; the rest is dropped and counted."""
        if self._task is not None:
            try:
                async with asyncio.timeout(self._settings.flush_s):
                    await self._queue.join()
            except TimeoutError:
                _log.warning("prediction events are left at shutdown")
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if left := self._queue.qsize():
            self._drop(left, "shutdown")
        self._delivery.close()
        self._thread.shutdown()

    async def _run(self) -> None:
        while True:
            batch = await self._next_batch()
            try:
                await self._deliver(await self._events_of(batch))
            except asyncio.CancelledError:
                self._drop(len(batch), "shutdown")
                raise
            except Exception as error:  # a fault of ours must not end the recording
                _log.error("prediction events could not be made", exc_info=error)
                self._drop(len(batch), "internal error")
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _next_batch(self) -> list[Pending]:
        batch = [await self._queue.get()]
        while len(batch) < self._settings.batch_size and not self._queue.empty():
            batch.append(self._queue.get_nowait())
        return batch

    async def _events_of(self, batch: Sequence[Pending]) -> list[pb.PredictionEvent]:
        def build() -> list[pb.PredictionEvent]:
            return [event_of(pending) for pending in batch]

        return await asyncio.get_running_loop().run_in_executor(self._thread, build)

    async def _deliver(self, events: Sequence[pb.PredictionEvent]) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                response = await self._delivery.send(events)
            except MonitorAwayError as reason:
                if self._gave_up(reason):
                    self._drop(len(events), "monitor away")
                    return
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                self._away_since = None
                self._metrics.events_sent.add(response.accepted)
                self._metrics.events_rejected.add(response.rejected)
                return

    def _gave_up(self, reason: MonitorAwayError) -> bool:
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            _log.warning("the drift monitor is away", reason=str(reason))
        return now - self._away_since >= self._settings.hold_s

    def _drop(self, count: int, reason: DropReason) -> None:
        self._metrics.events_dropped.add(count, {"reason": reason})
