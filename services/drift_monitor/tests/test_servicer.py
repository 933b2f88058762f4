import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from synapse.v1 import drift_pb2 as pb
from synapse.v1 import drift_pb2_grpc as pb_grpc
from synapse_drift_monitor.app import DriftMonitorApp
from synapse_drift_monitor.drift.reference import Reference

Events = Callable[..., list[pb.PredictionEvent]]


@pytest.fixture
async def stub(address: str) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(address) as channel:
        yield pb_grpc.DriftMonitorServiceStub(channel)


@pytest.fixture
def batch(events: Events, population: Any, reference: Reference) -> Callable[..., pb.RecordRequest]:
    def make(rows: int, **kind: float) -> pb.RecordRequest:
        table = population(**kind).draw(rows, np.random.default_rng(rows))
        return pb.RecordRequest(events=events(table, reference.model_version))

    return make


async def test_a_stream_acknowledges_each_batch(stub: Any, batch: Callable[..., pb.RecordRequest]) -> None:
    stream = stub.Record()
    for rows in (5, 7):
        await stream.write(batch(rows))
        assert await stream.read() == pb.RecordResponse(accepted=rows)
    spoiled = batch(4)
    spoiled.events[1].language = "Klingon"
    spoiled.events[2].ClearField("scores")
    await stream.write(spoiled)
    assert await stream.read() == pb.RecordResponse(accepted=2, rejected=2)
    await stream.done_writing()
    assert await stream.read() == grpc.aio.EOF
    assert (await stub.GetStatus(pb.GetStatusRequest())).total_events == 14


async def test_status_tells_signals_intervals_and_history(
    stub: Any, batch: Callable[..., pb.RecordRequest], reference: Reference
) -> None:
    few = await stub.GetStatus(pb.GetStatusRequest())
    assert (few.level, few.model_version) == (pb.DRIFT_LEVEL_UNKNOWN, reference.model_version)
    assert (len(few.signals), len(few.history)) == (0, 0)

    async def send(request: pb.RecordRequest) -> None:
        async for _ in stub.Record(iter([request])):
            pass

    await send(batch(300))
    usual = await stub.GetStatus(pb.GetStatusRequest())
    assert usual.level == pb.DRIFT_LEVEL_OK
    await send(batch(600, shift=2.0))
    shifted = await stub.GetStatus(pb.GetStatusRequest(model_version=reference.model_version))
    assert shifted.level == pb.DRIFT_LEVEL_CRITICAL
    assert len(shifted.signals) == 11
    assert shifted.drift_percent == max(signal.drift_percent for signal in shifted.signals) > 20
    assert all(s.interval_low_percent <= s.drift_percent <= s.interval_high_percent for s in shifted.signals)
    assert [point.events for point in shifted.history] == [300, 900]
    assert shifted.history[-1].drift_percent == shifted.drift_percent
    assert shifted.history[0].time.ToDatetime() < shifted.history[1].time.ToDatetime()


async def test_versions_without_a_reference(stub: Any, batch: Callable[..., pb.RecordRequest]) -> None:
    request = batch(3)
    for event in request.events:
        event.model_version = "canary"
    async for _ in stub.Record(iter([request])):
        pass
    status = await stub.GetStatus(pb.GetStatusRequest(model_version="canary"))
    assert (status.level, status.window_events, status.drift_percent) == (pb.DRIFT_LEVEL_UNKNOWN, 3, 0)
    for call in (
        stub.GetStatus(pb.GetStatusRequest(model_version="v99")),
        stub.WriteReport(pb.WriteReportRequest(model_version="canary")),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND


async def test_a_report_needs_enough_events(stub: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.WriteReport(pb.WriteReportRequest())
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert "0 events" in (caught.value.details() or "")


async def test_a_report_is_written(stub: Any, batch: Callable[..., pb.RecordRequest]) -> None:
    async for _ in stub.Record(iter([batch(150, shift=1.0)])):
        pass
    answer = await stub.WriteReport(pb.WriteReportRequest(), timeout=170)
    html = await asyncio.to_thread(Path(answer.path).read_text)
    assert "score__toxicity" in html
    assert "text_length" in html


async def test_draining_ends_a_stream_that_waits(
    started: tuple[DriftMonitorApp, str], stub: Any, batch: Callable[..., pb.RecordRequest]
) -> None:
    stream = stub.Record()
    await stream.write(batch(2))
    assert (await stream.read()).accepted == 2
    await started[0].drain()
    assert await stream.read() == grpc.aio.EOF
    assert await stream.code() == grpc.StatusCode.OK
