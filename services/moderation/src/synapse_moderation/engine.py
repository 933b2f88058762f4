"""Schedules texts onto a backend's workers, off the event loop.

On a CPU the cost of a batch is its padding, so a call's texts are sorted by length and cut into small jobs; jobs of all
calls share one queue. What nobody waits for any more (caller gone, deadline passed) is not computed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from opentelemetry import metrics
from synapse_common.errors import DeadlineExceeded, ResourceExhausted

from synapse_moderation.backends import Backend

Logits = npt.NDArray[np.float32]
_RETRY_AFTER_S = 0.5


class Engine:
    """Runs texts through a backend with bounded waiting."""

    def __init__(self, backend: Backend, *, job_texts: int, max_waiting_texts: int) -> None:
        self._backend = backend
        self._job_texts = job_texts
        self._max_waiting = max_waiting_texts
        self._waiting = 0
        self._pool = ThreadPoolExecutor(backend.workers, thread_name_prefix="moderation")
        meter = metrics.get_meter("synapse.moderation")
        self._texts = meter.create_counter("moderation.texts", description="texts scored")
        self._duration = meter.create_histogram(
            "moderation.job.duration", unit="s", description="time of one job on a worker, tokenising included"
        )
        self._waiting_metric = meter.create_up_down_counter(
            "moderation.waiting", description="texts accepted and not scored yet"
        )

    async def logits(self, texts: Sequence[str], deadline_s: float | None) -> Logits:
        """Logits [n, c] of `texts`, in their order.

        Args:
            texts: not empty.
            deadline_s: seconds from now after which the result is of no use, or None.

        Raises:
            ResourceExhausted: too many texts wait already.
            DeadlineExceeded: the deadline passed while a part of the call waited.
        """
        # Nothing waiting: even a call larger than the bound gets in, or it never could.
        if self._waiting and self._waiting + len(texts) > self._max_waiting:
            raise ResourceExhausted("too many texts are waiting", retry_after_s=_RETRY_AFTER_S)
        deadline = None if deadline_s is None else time.monotonic() + deadline_s
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        jobs = [order[start : start + self._job_texts] for start in range(0, len(order), self._job_texts)]
        loop = asyncio.get_running_loop()
        self._count_waiting(len(texts))
        running = [loop.run_in_executor(self._pool, self._run, [texts[i] for i in job], deadline) for job in jobs]
        try:
            parts = await asyncio.gather(*running)
        finally:
            # When one job failed, or the caller is gone, nobody waits for the others: those not begun are dropped.
            for future in running:
                future.cancel()
            self._count_waiting(-len(texts))
        result = np.empty((len(texts), parts[0].shape[1]), dtype=np.float32)
        for job, part in zip(jobs, parts, strict=True):
            result[job] = part
        return result

    def close(self) -> None:
        """Stop the workers; jobs that have not begun are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _count_waiting(self, change: int) -> None:
        self._waiting += change
        self._waiting_metric.add(change)

    def _run(self, texts: list[str], deadline: float | None) -> Logits:
        started = time.monotonic()
        if deadline is not None and started > deadline:
            raise DeadlineExceeded("the deadline passed before a worker was free")
        logits = self._backend.logits(texts)
        self._texts.add(len(texts))
        self._duration.record(time.monotonic() - started)
        return logits
