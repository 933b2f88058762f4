"""For tests: a service as a real process on free ports of loopback, with certificates of a local authority."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synapse_common.ports import HOST, free_port
from synapse_common.settings import TlsSettings
from synapse_common.tls import LocalAuthority

_PAUSE_S = 0.02


def eventually(condition: Callable[[], Any], *, timeout_s: float = 20.0) -> Any:
    """The first truthy value that `condition` gives.

    Raises:
        TimeoutError: it gave none in time.
    """
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true after {timeout_s} s: {condition}")
        time.sleep(_PAUSE_S)
    return value


def identity(authority: LocalAuthority, name: str) -> TlsSettings:
    """TLS settings of a process called `name`."""
    files = authority.issue(name)
    return TlsSettings(certificate=files.certificate, key=files.key, ca=files.ca)


class ServiceProcess:
    """A running service; made by `running_service`."""

    def __init__(self, process: subprocess.Popen[bytes], ports: Mapping[str, int], log: Path) -> None:
        self._process = process
        self._log = log
        self.ports = ports

    @property
    def address(self) -> str:
        """``host:port`` of its gRPC server."""
        return f"{HOST}:{self.ports['grpc']}"

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of an admin page; status 0 while nothing listens there."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.ports['metrics']}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_ready(self) -> None:
        """Return once /readyz says so; fail with the log when the process ended before."""

        def ready() -> bool:
            if self._process.poll() is not None:
                raise RuntimeError(f"the service ended: {self._log.read_text()}")
            return self.get("/readyz")[0] == 200

        eventually(ready)

    def wait_listening(self) -> None:
        """Return once the gRPC port takes connections, ready or not."""
        eventually(lambda: any(line["event"] == "listening" for line in self.log()))

    def terminate(self) -> None:
        """Ask it to stop, as a cluster does."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float = 20.0) -> int:
        """Its exit status."""
        return self._process.wait(timeout_s)

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._process.kill()
        self._process.wait()

    def log_text(self) -> str:
        """What it has logged, but for a last line that is not complete yet."""
        text = self._log.read_text(encoding="utf-8")
        return text[: text.rfind("\n") + 1]

    def log(self) -> list[dict[str, Any]]:
        """The same, parsed: one JSON object a line."""
        return [json.loads(line) for line in self.log_text().splitlines()]


@contextmanager
def running_service(
    command: Sequence[str], prefix: str, tls: TlsSettings, folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[ServiceProcess]:
    """Run `command` with settings under `prefix` (such as ``SYNAPSE_MODERATION_``) until the block ends.

    Args:
        command: program and arguments.
        prefix: of the service's environment names.
        tls: the service's own identity.
        folder: takes the log.
        settings: further settings, by name without the prefix; ``REST_PORT`` gets a free port when it is ``"free"``.
    """
    ports = {"grpc": free_port(), "metrics": free_port()}
    given = dict(settings or {})
    if given.get("REST_PORT") == "free":
        ports["rest"] = free_port()
        given["REST_PORT"] = str(ports["rest"])
    own = {
        "GRPC_PORT": str(ports["grpc"]),
        "METRICS_PORT": str(ports["metrics"]),
        "TLS__CERTIFICATE": str(tls.certificate),
        "TLS__KEY": str(tls.key),
        "TLS__CA": str(tls.ca),
        "START_RETRY_S": "0.1",
        **given,
    }
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "service.log"
    environment = {**os.environ, **{f"{prefix}{name}": value for name, value in own.items()}}
    with log.open("wb") as stream:
        process = subprocess.Popen(list(command), env=environment, stderr=stream, stdout=stream)
    try:
        yield ServiceProcess(process, ports, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
