from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from synapse_common.errors import Unavailable
from synapse_common.server.drain import DrainGate

CALL = "/synapse.v1.ChatService/Complete"
context: Any = None


async def test_closing_waits_for_the_call_in_flight_and_refuses_the_next() -> None:
    gate = DrainGate()
    begun, finish = asyncio.Event(), asyncio.Event()

    async def call() -> str:
        async with gate.pass_through(CALL, context):
            begun.set()
            await finish.wait()
            return "answered"

    in_flight = asyncio.create_task(call())
    await begun.wait()
    closing = asyncio.create_task(gate.close(30))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        async with gate.pass_through(CALL, context):
            pytest.fail("a closed gate let a call in")
    assert not closing.done()
    finish.set()
    assert await in_flight == "answered"
    await asyncio.wait_for(closing, 5)


async def test_closing_gives_up_when_its_time_is_over() -> None:
    gate = DrainGate()
    async with gate.pass_through(CALL, context):
        started = time.monotonic()
        await asyncio.wait_for(gate.close(0.1), 5)
        assert time.monotonic() - started >= 0.1


async def test_health_is_told_to_the_end() -> None:
    gate = DrainGate()
    await gate.close(1)
    async with gate.pass_through("/grpc.health.v1.Health/Check", context):
        pass


async def test_a_failed_call_is_no_longer_in_flight() -> None:
    gate = DrainGate()
    with pytest.raises(ValueError, match="broken"):
        async with gate.pass_through(CALL, context):
            raise ValueError("broken")
    await asyncio.wait_for(gate.close(30), 5)
