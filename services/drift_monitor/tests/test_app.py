import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from synapse.v1 import drift_pb2 as pb
from synapse_common.bundle import BundleError
from synapse_drift_monitor.app import DriftMonitorApp
from synapse_drift_monitor.drift.measure import Measurement
from synapse_drift_monitor.drift.reference import Reference
from synapse_drift_monitor.metrics import DriftMetrics
from synapse_drift_monitor.monitor import Monitor
from synapse_drift_monitor.settings import DriftMonitorSettings


async def test_not_ready_until_the_bundle_is_whole(settings: DriftMonitorSettings, bundle: Path) -> None:
    good = (bundle / "reference.parquet").read_bytes()
    (bundle / "reference.parquet").write_bytes(good[:-1])
    app = DriftMonitorApp(settings)
    with pytest.raises(BundleError, match=r"reference\.parquet does not match"):
        await app.start()
    (bundle / "reference.parquet").write_bytes(good)
    await app.start()
    await app.close()


async def test_it_measures_by_itself(
    settings: DriftMonitorSettings,
    events: Callable[..., list[pb.PredictionEvent]],
    population: Any,
    reference: Reference,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured: asyncio.Queue[Measurement] = asyncio.Queue()
    original = Monitor.measure

    async def measure(self: Monitor) -> Measurement:
        result = await original(self)
        await measured.put(result)
        return result

    monkeypatch.setattr(Monitor, "measure", measure)
    app = DriftMonitorApp(settings.model_copy(update={"evaluate_every_s": 0.01}))
    for event in events(population().draw(150, np.random.default_rng(0)), reference.model_version):
        app._monitor.record(event)
    await app.start()
    assert (await asyncio.wait_for(measured.get(), timeout=60)).events == 150
    await app.close()


async def test_a_failed_measurement_does_not_end_the_measuring(
    settings: DriftMonitorSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: asyncio.Queue[None] = asyncio.Queue()

    async def measure(_self: Monitor) -> Measurement:
        await calls.put(None)
        raise RuntimeError("broken")

    monkeypatch.setattr(Monitor, "measure", measure)
    app = DriftMonitorApp(settings.model_copy(update={"evaluate_every_s": 0.01}))
    await app.start()
    for _ in range(3):
        await asyncio.wait_for(calls.get(), timeout=60)
    await app.close()


async def test_metrics_tell_drift_window_and_events(
    settings: DriftMonitorSettings,
    events: Callable[..., list[pb.PredictionEvent]],
    population: Any,
    reference: Reference,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    monitor = Monitor(settings)
    monitor.set_reference(reference)
    observed = DriftMetrics(monitor)
    for event in events(population(portuguese=0.9).draw(200, np.random.default_rng(0)), reference.model_version):
        monitor.record(event)
    await monitor.measure()
    observed.accepted(200)
    observed.rejected("scores")

    data = reader.get_metrics_data()
    assert data
    points = {
        (metric.name, *sorted(point.attributes.items())): point.value
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    }
    assert points["synapse.drift.percent", ("signal", "language")] == pytest.approx(50, abs=10)
    assert points["synapse.drift.percent", ("signal", "text_length")] == 0
    assert points["synapse.drift.window_events", ("model_version", reference.model_version)] == 200
    assert points["synapse.drift.events", ("outcome", "accepted")] == 200
    assert points["synapse.drift.events", ("field", "scores"), ("outcome", "rejected")] == 1
    provider.shutdown()
