"""Waiting for what offers no event of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def eventually(holds: Callable[[], bool], timeout_s: float = 10) -> None:
    """Return once the condition holds; TimeoutError when it does not in time."""
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110  (counters and other tasks' state have no event to wait for)
            await asyncio.sleep(0.01)
