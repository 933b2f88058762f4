"""The step that measures: how long a message takes, seen from the client."""

from __future__ import annotations

from collections.abc import Sequence

from synapse_cli.client import Connection
from synapse_cli.demo.report import quantiles
from synapse_cli.demo.steps import Progress, StepResult
from synapse_cli.demo.traffic import moderate_all

_CONCURRENCY = 4


def measure_latency(connection: Connection, texts: Sequence[str], on_progress: Progress) -> StepResult:
    """Moderate `texts` one a call, a few at a time; any failed call fails the step."""
    result = moderate_all(
        connection,
        texts,
        concurrency=_CONCURRENCY,
        on_progress=lambda done: on_progress(f"{done} of {len(texts)} messages"),
    )
    throughput = len(texts) / result.seconds
    figures = ", ".join(f"{name} {value:.0f} ms" for name, value in quantiles(result.latencies_ms).items())
    summary = f"{len(texts)} messages, {_CONCURRENCY} at a time: {figures}; {throughput:.0f} messages/s; none failed"
    report = {"latencies_ms": result.latencies_ms, "throughput": throughput, "concurrency": _CONCURRENCY}
    return StepResult(summary, report)
