"""The step that watches: usual traffic stays quiet, shifted traffic is noticed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from synapse.v1 import drift_pb2, drift_pb2_grpc

from synapse_cli.client import DEFAULT_TIMEOUT_S, Connection
from synapse_cli.demo.steps import Progress, StepResult, check
from synapse_cli.demo.traffic import moderate_all
from synapse_cli.stack import StackPaths

_CONCURRENCY = 16
_CHUNK = 100
_ARRIVAL_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class _Monitor:
    stub: drift_pb2_grpc.DriftMonitorServiceStub

    def status(self) -> drift_pb2.GetStatusResponse:
        return self.stub.GetStatus(drift_pb2.GetStatusRequest(), timeout=DEFAULT_TIMEOUT_S)

    def status_after(self, events: int) -> drift_pb2.GetStatusResponse:
        """The status once that many events have arrived: they travel off the request's path."""
        deadline = time.monotonic() + _ARRIVAL_TIMEOUT_S
        while (status := self.status()).total_events < events:
            check(time.monotonic() < deadline, f"only {status.total_events} of {events} events reached the monitor")
            time.sleep(0.1)
        return status


def watch_drift(
    connection: Connection,
    monitor_address: str,
    paths: StackPaths,
    usual: Sequence[str],
    shifted: Sequence[str],
    on_progress: Progress,
) -> StepResult:
    """Send `usual` messages, then `shifted` ones, and look at the monitor after each hundred."""
    with grpc.secure_channel(monitor_address, _client_credentials(paths)) as channel:
        monitor = _Monitor(drift_pb2_grpc.DriftMonitorServiceStub(channel))
        before = monitor.status().total_events
        timeline: list[dict[str, Any]] = []
        quiet = _send(connection, monitor, usual, before, "usual", timeline, on_progress)
        check(
            quiet.level in (drift_pb2.DRIFT_LEVEL_OK, drift_pb2.DRIFT_LEVEL_WARNING),
            f"usual traffic was called {_level(quiet)} at {quiet.drift_percent:.1f} %",
        )
        loud = _send(connection, monitor, shifted, before + len(usual), "shifted", timeline, on_progress)
        check(
            loud.level == drift_pb2.DRIFT_LEVEL_CRITICAL,
            f"shifted traffic was called {_level(loud)} at {loud.drift_percent:.1f} %",
        )
        on_progress("writing the Evidently report")
        report = monitor.stub.WriteReport(drift_pb2.WriteReportRequest(), timeout=120)
    check(Path(report.path).is_file(), f"there is no report at {report.path}")
    top = max(loud.signals, key=lambda signal: signal.drift_percent)
    summary = (
        f"usual traffic {quiet.drift_percent:.1f} % ({_level(quiet)}), shifted traffic {loud.drift_percent:.1f} % "
        f"({_level(loud)}; most in {top.signal})"
    )
    return StepResult(summary, {"timeline": timeline, "evidently": report.path})


def _send(
    connection: Connection,
    monitor: _Monitor,
    texts: Sequence[str],
    before: int,
    phase: str,
    timeline: list[dict[str, Any]],
    on_progress: Progress,
) -> drift_pb2.GetStatusResponse:
    status = monitor.status()
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        moderate_all(connection, chunk, concurrency=_CONCURRENCY, on_progress=lambda _: None)
        sent = start + len(chunk)
        status = monitor.status_after(before + sent)
        on_progress(f"{phase} traffic, {sent} messages: {status.drift_percent:.1f} % ({_level(status)})")
        if status.level != drift_pb2.DRIFT_LEVEL_UNKNOWN:
            timeline.append({"events": before + sent, "drift_percent": status.drift_percent, "phase": phase})
    return status


def _level(status: drift_pb2.GetStatusResponse) -> str:
    return drift_pb2.DriftLevel.Name(status.level).removeprefix("DRIFT_LEVEL_").lower()


def _client_credentials(paths: StackPaths) -> grpc.ChannelCredentials:
    certificates = paths.certificates
    return grpc.ssl_channel_credentials(
        paths.ca.read_bytes(), (certificates / "client.key").read_bytes(), (certificates / "client.pem").read_bytes()
    )
