from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from synapse.v1 import drift_pb2 as pb
from synapse_common.errors import NotFound, Unavailable
from synapse_drift_monitor.drift.reference import Reference
from synapse_drift_monitor.monitor import Monitor
from synapse_drift_monitor.settings import DriftMonitorSettings

Events = Callable[..., list[pb.PredictionEvent]]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def monitor(settings: DriftMonitorSettings, reference: Reference, clock: Clock) -> Monitor:
    made = Monitor(settings, clock)
    made.set_reference(reference)
    return made


@pytest.fixture
def send(monitor: Monitor, events: Events, population: Any, reference: Reference) -> Callable[..., None]:
    random = np.random.default_rng(5)

    def go(rows: int, version: str = reference.model_version, route: str = "moderate", **kind: float) -> None:
        for event in events(population(**kind).draw(rows, random), version, route):
            monitor.record(event)

    return go


async def test_usual_traffic_then_shifted_traffic(monitor: Monitor, send: Callable[..., None]) -> None:
    send(300)
    status = await monitor.status("")
    assert status.measurement
    assert status.measurement.level == pb.DRIFT_LEVEL_OK
    send(300, shift=2.0)
    status = await monitor.status("")
    assert status.measurement
    assert status.measurement.level == pb.DRIFT_LEVEL_CRITICAL
    assert (status.window_events, status.total_events) == (600, 600)
    assert [point.events for point in status.history] == [300, 600]


async def test_a_measurement_holds_until_the_window_changed_enough(monitor: Monitor, send: Callable[..., None]) -> None:
    send(500)
    first = await monitor.measure()
    send(5)
    assert await monitor.measure() is first
    send(1)
    assert (await monitor.measure()).events == 506


async def test_old_events_leave_and_the_level_is_unknown_again(
    monitor: Monitor, send: Callable[..., None], clock: Clock, settings: DriftMonitorSettings
) -> None:
    send(200)
    assert (await monitor.measure()).level == pb.DRIFT_LEVEL_OK
    clock.now = settings.window_max_age_s + 1
    status = await monitor.status("")
    assert status.measurement
    assert status.measurement.level == pb.DRIFT_LEVEL_UNKNOWN
    assert (status.window_events, status.total_events) == (0, 200)
    assert len(status.history) == 1  # unknown levels are no points of a plot


async def test_other_routes_are_counted_and_not_compared(monitor: Monitor, send: Callable[..., None]) -> None:
    send(200)
    send(300, route="chat_output", shift=3.0)
    status = await monitor.status("")
    assert status.measurement
    assert status.measurement.level == pb.DRIFT_LEVEL_OK
    assert (status.window_events, status.total_events) == (200, 500)


async def test_other_versions_are_kept_apart(monitor: Monitor, send: Callable[..., None]) -> None:
    send(150)
    send(150, version="canary", shift=3.0)
    own, other = await monitor.status(""), await monitor.status("canary")
    assert own.measurement
    assert own.measurement.level == pb.DRIFT_LEVEL_OK
    assert other.measurement is None
    assert (other.window_events, other.total_events) == (150, 150)
    with pytest.raises(NotFound, match="no events of model version 'v99'"):
        await monitor.status("v99")


async def test_the_stalest_version_gives_way_but_never_the_references(
    monitor: Monitor, send: Callable[..., None], reference: Reference
) -> None:
    send(1)
    for version in ("a", "b", "a", "c"):  # three at once are watched
        send(1, version=version)
    assert set(monitor.window_sizes) == {reference.model_version, "a", "c"}


async def test_nothing_is_said_before_the_reference_is_there(settings: DriftMonitorSettings) -> None:
    fresh = Monitor(settings)
    with pytest.raises(Unavailable, match="not loaded yet"):
        await fresh.status("")


async def test_events_that_came_before_the_reference_count(
    settings: DriftMonitorSettings, events: Events, population: Any, reference: Reference
) -> None:
    fresh = Monitor(settings)
    for event in events(population().draw(120, np.random.default_rng(0)), reference.model_version):
        fresh.record(event)
    fresh.set_reference(reference)
    assert (await fresh.measure()).events == 120
