"""Feedback to disk before it is acknowledged; lines that arrive together share one flush of the disk."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from synapse_common.errors import Unavailable
from synapse_common.logs import get_logger

from synapse_gateway.feedback.journal import Journal
from synapse_gateway.feedback.row import StoredFeedback

FILE_NAME = "feedback.jsonl"
_RETRY_S = 2.0
_log = get_logger(__name__)


class FeedbackStore:
    """Group commit: while one batch is flushed, the next one gathers."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feedback")
        self._journal: Journal | None = None
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the file, or do nothing when it is open.

        Raises:
            Unavailable: another gateway holds it.
            ConfigurationError: it cannot be opened.
        """
        if self._journal is None:
            self._journal = await asyncio.get_running_loop().run_in_executor(self._thread, Journal, self._path)

    async def add(self, row: StoredFeedback) -> None:
        """Return once the row is on disk.

        Raises:
            Unavailable: it is not, and will not be; the caller may try again.
        """
        if self._journal is None:
            raise Unavailable("feedback cannot be stored yet; try again", retry_after_s=_RETRY_S)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((row.model_dump_json().encode(), done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush(self._journal))
        await done

    async def close(self) -> None:
        """Write what waits, and let the file go."""
        if self._flusher is not None:
            await self._flusher
        journal, self._journal = self._journal, None
        if journal is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, journal.close)
        self._thread.shutdown()

    async def _flush(self, journal: Journal) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await loop.run_in_executor(self._thread, journal.append, [line for line, _ in batch])
            except Exception as error:  # whatever it was, the callers must hear of it
                _log.error("feedback could not be stored", reason=str(error), lines=len(batch))
                outcome: Exception | None = Unavailable(
                    "feedback cannot be stored now; try again", retry_after_s=_RETRY_S
                )
            else:
                outcome = None
            for _, done in batch:
                if done.cancelled():  # the caller went away; the row is stored all the same
                    continue
                if outcome is None:
                    done.set_result(None)
                else:
                    done.set_exception(outcome)
