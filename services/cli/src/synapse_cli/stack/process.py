"""One process of the stack: start, watch until ready, stop."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from synapse_cli.stack.config import ProcessSpec

_POLL_S = 0.1
# Nobody waits for these, the stack outlives this interpreter; a Popen that is collected while its process runs warns.
_children: list[subprocess.Popen[bytes]] = []
_LOG_TAIL_LINES = 15


class ProcessFailedError(Exception):
    """A process ended, or did not become ready in time; the message carries the end of its log."""


@dataclass(frozen=True)
class RunningProcess:
    """A started process; `created` tells it from a later one that got the same number."""

    name: str
    pid: int
    created: float
    ready_url: str
    log: Path

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return self._process() is not None

    def readiness(self) -> str:
        """``ready``, or why not."""
        if not self.alive:
            return "not running"
        try:
            response = httpx.get(self.ready_url, timeout=2)
        except httpx.TransportError:
            return "starting"
        return "ready" if response.status_code == httpx.codes.OK else response.text.strip()

    def wait_ready(self, timeout_s: float, on_wait: Callable[[str, str], None]) -> None:
        """Return once ready; calls ``on_wait(name, readiness)`` while it is not.

        Raises:
            ProcessFailedError: it ended, or the time is over.
        """
        deadline = time.monotonic() + timeout_s
        while (readiness := self.readiness()) != "ready":
            on_wait(self.name, readiness)
            if readiness == "not running":
                raise ProcessFailedError(f"{self.name} ended while starting\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ProcessFailedError(
                    f"{self.name} was not ready after {timeout_s:.0f} s: {readiness}\n{self.log_tail()}"
                )
            time.sleep(_POLL_S)
        on_wait(self.name, readiness)

    def terminate(self) -> None:
        """Ask it to drain and end."""
        if process := self._process():
            process.terminate()

    def wait_ended(self, timeout_s: float) -> None:
        """Return once it ended; killed when the time is over."""
        process = self._process()
        if process is None:
            return
        try:
            process.wait(timeout_s)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(timeout_s)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if process := self._process():
            process.kill()
            process.wait(10)

    def log_tail(self) -> str:
        """The last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return f"--- end of {self.log}\n" + "\n".join(lines[-_LOG_TAIL_LINES:])

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def start(spec: ProcessSpec, logs: Path) -> RunningProcess:
    """Start a process in its own session, its output going to ``logs/<name>.log``."""
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{spec.name}.log"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SYNAPSE_")}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", spec.module],
            # Some libraries report their use to their makers unless told not to.
            env={**inherited, "DO_NOT_TRACK": "1", **spec.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children.append(process)
    return RunningProcess(spec.name, process.pid, psutil.Process(process.pid).create_time(), spec.ready_url, log)
