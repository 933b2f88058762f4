from typing import Any

import pytest
from synapse.v1 import drift_pb2 as pb
from synapse_gateway.recording.delivery import Delivery, MonitorAwayError

EVENTS = [pb.PredictionEvent(event_id="1"), pb.PredictionEvent(event_id="2")]


async def test_batches_go_over_one_stream(monitor: Any) -> None:
    async with monitor.channel() as channel:
        delivery = Delivery(channel, 5)
        assert (await delivery.send(EVENTS)).accepted == 2
        assert (await delivery.send(EVENTS[:1])).accepted == 1
        delivery.close()
    assert [event.event_id for event in monitor.fake.events] == ["1", "2", "1"]
    assert monitor.fake.streams == 1


async def test_a_restarted_monitor_is_found_again(monitor: Any) -> None:
    async with monitor.channel() as channel:
        delivery = Delivery(channel, 5)
        await delivery.send(EVENTS)
        await monitor.stop()
        with pytest.raises(MonitorAwayError):
            await delivery.send(EVENTS)
        await monitor.start()
        for _ in range(1000):
            try:
                await delivery.send(EVENTS)
                break
            except MonitorAwayError:
                continue
        delivery.close()
    assert len(monitor.fake.events) == 4


async def test_a_monitor_that_does_not_acknowledge_is_away(monitor: Any) -> None:
    monitor.fake.gate.clear()
    async with monitor.channel() as channel:
        delivery = Delivery(channel, 0.1)
        with pytest.raises(MonitorAwayError, match="acknowledgement"):
            await delivery.send(EVENTS)
        monitor.fake.gate.set()
        assert (await delivery.send(EVENTS)).accepted == 2
        delivery.close()
