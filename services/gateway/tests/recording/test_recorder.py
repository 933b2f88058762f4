import asyncio
from typing import Any

import pytest
from gateway_fakes.exchanges import verdict
from gateway_fakes.metering import Metering
from gateway_fakes.waiting import eventually
from synapse_gateway.recording.delivery import Delivery
from synapse_gateway.recording.recorder import Recorder
from synapse_gateway.settings import RecorderSettings
from synapse_gateway.verdict import Observation


def observation(text: str = "hello there") -> Observation:
    return Observation("moderate", text, verdict())


async def test_observations_arrive_as_events_in_batches(monitor: Any, metering: Metering) -> None:
    async with monitor.channel() as channel:
        recorder = Recorder(Delivery(channel, 5), RecorderSettings(batch_size=4), metering.metrics)
        for _ in range(10):
            recorder.submit(observation())
        await recorder.start()
        await monitor.fake.wait_for(10)
        await recorder.close()
    assert monitor.fake.batches == 3
    assert metering.total("synapse.events.sent") == 10
    assert metering.total("synapse.events.dropped") == 0


async def test_what_the_monitor_refuses_is_counted(monitor: Any, metering: Metering) -> None:
    monitor.fake.rejects = 1
    async with monitor.channel() as channel:
        recorder = Recorder(Delivery(channel, 5), RecorderSettings(), metering.metrics)
        recorder.submit(observation())
        recorder.submit(observation())
        await recorder.start()
        await monitor.fake.wait_for(2)
        await recorder.close()
    assert metering.total("synapse.events.sent") == 1
    assert metering.total("synapse.events.rejected") == 1


async def test_a_full_queue_drops_and_counts_and_never_waits(monitor: Any, metering: Metering) -> None:
    async with monitor.channel() as channel:
        recorder = Recorder(Delivery(channel, 5), RecorderSettings(queue_size=3), metering.metrics)
        for _ in range(5):
            recorder.submit(observation())
        assert metering.total("synapse.events.dropped", reason="queue full") == 2
        await recorder.start()
        await monitor.fake.wait_for(3)
        await recorder.close()


async def test_a_monitor_that_stays_away_costs_events_but_nothing_else(monitor: Any, metering: Metering) -> None:
    await monitor.stop()
    async with monitor.channel() as channel:
        recorder = Recorder(Delivery(channel, 5), RecorderSettings(hold_s=0.2), metering.metrics)
        await recorder.start()
        recorder.submit(observation())
        await eventually(lambda: metering.total("synapse.events.dropped") >= 1)
        recorder.submit(observation())
        await eventually(lambda: metering.total("synapse.events.dropped") >= 2)

        await monitor.start()
        async with asyncio.timeout(10):
            while not monitor.fake.events:
                recorder.submit(observation())
                await asyncio.sleep(0.05)
        await recorder.close()
    assert metering.total("synapse.events.dropped", reason="monitor away") >= 2
    assert metering.total("synapse.events.sent") >= 1


async def test_a_short_absence_loses_nothing(monitor: Any, metering: Metering) -> None:
    await monitor.stop()
    async with monitor.channel() as channel:
        recorder = Recorder(Delivery(channel, 5), RecorderSettings(hold_s=30), metering.metrics)
        await recorder.start()
        for _ in range(5):
            recorder.submit(observation())
        await eventually(lambda: recorder._away_since is not None)
        await monitor.start()
        await monitor.fake.wait_for(5)
        await recorder.close()
    assert metering.total("synapse.events.dropped") == 0
    assert metering.total("synapse.events.sent") == 5


async def test_shutdown_does_not_wait_for_a_monitor_that_is_away(monitor: Any, metering: Metering) -> None:
    await monitor.stop()
    async with monitor.channel() as channel:
        recorder = Recorder(Delivery(channel, 5), RecorderSettings(hold_s=60, flush_s=0.1), metering.metrics)
        await recorder.start()
        for _ in range(300):
            recorder.submit(observation())
        await eventually(lambda: recorder._away_since is not None)
        async with asyncio.timeout(5):
            await recorder.close()
    await monitor.start()
    assert metering.total("synapse.events.dropped", reason="shutdown") == 300


async def test_a_fault_in_making_events_does_not_end_the_recording(
    monitor: Any, metering: Metering, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synapse_gateway.recording import recorder as module

    real = module.event_of
    monkeypatch.setattr(
        module, "event_of", lambda pending: 1 / 0 if pending.observation.text == "bad" else real(pending)
    )
    async with monitor.channel() as channel:
        recorder = Recorder(Delivery(channel, 5), RecorderSettings(batch_size=1), metering.metrics)
        await recorder.start()
        recorder.submit(observation("bad"))
        recorder.submit(observation("good"))
        await monitor.fake.wait_for(1)
        await recorder.close()
    assert metering.total("synapse.events.dropped", reason="internal error") == 1
