"""How stages run: one after the other, timed and traced, until the exchange is settled."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from opentelemetry import trace
from synapse_common.errors import SynapseError
from synapse_common.logs import get_logger

from synapse_gateway.exchange import Exchange
from synapse_gateway.metrics import GatewayMetrics

E = TypeVar("E", bound=Exchange)
E_contra = TypeVar("E_contra", bound=Exchange, contravariant=True)

_tracer = trace.get_tracer("synapse.gateway")
_log = get_logger(__name__)


class Stage(Protocol[E_contra]):
    """One step of the guard. It reads and fills the exchange, and raises a `SynapseError` to refuse the call."""

    @property
    def name(self) -> str:
        """Its name in metrics, traces and settings."""

    async def __call__(self, exchange: E_contra, /) -> None:
        """Do the step."""


class FailOpen(Generic[E_contra]):
    """A stage whose own failure does not stop the call; a refusal by the stage still does."""

    def __init__(
        self, stage: Stage[E_contra], outages: tuple[type[SynapseError], ...], metrics: GatewayMetrics
    ) -> None:
        """Go on when `stage` raises one of `outages`."""
        self._stage = stage
        self._outages = outages
        self._metrics = metrics

    @property
    def name(self) -> str:
        """The wrapped stage's name."""
        return self._stage.name

    async def __call__(self, exchange: E_contra) -> None:
        """Run the stage, or go on without it."""
        try:
            await self._stage(exchange)
        except self._outages as error:
            self._metrics.failed_open.add(1, {"stage": self.name})
            _log.warning("stage failed open", stage=self.name, reason=error.message)


class Chain(Generic[E]):
    """Stages in a fixed order."""

    def __init__(self, stages: Sequence[Stage[E]], metrics: GatewayMetrics) -> None:
        self._stages = tuple(stages)
        self._duration = metrics.stage_duration

    @property
    def names(self) -> tuple[str, ...]:
        """The stages' names, in order."""
        return tuple(stage.name for stage in self._stages)

    async def run(self, exchange: E) -> None:
        """Run the stages until one raises or has settled the exchange."""
        for stage in self._stages:
            await self._run_one(stage, exchange)
            if exchange.ended:
                return

    async def _run_one(self, stage: Stage[E], exchange: E) -> None:
        started = time.perf_counter()
        outcome = "failed"
        # The span records no exception: a message could quote the request.
        with _tracer.start_as_current_span(
            f"guard.{stage.name}", record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                await stage(exchange)
                outcome = "blocked" if exchange.ended else "passed"
            except SynapseError as error:
                outcome = error.code.name.lower()
                raise
            finally:
                span.set_attribute("outcome", outcome)
                self._duration.record(time.perf_counter() - started, {"stage": stage.name, "outcome": outcome})
