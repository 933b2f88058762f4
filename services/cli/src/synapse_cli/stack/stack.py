"""The local stack as a whole: up, status, down."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from synapse_common.identity import LocalIssuer
from synapse_common.tls import LocalAuthority

from synapse_cli.stack.config import ProcessSpec, StackConfig, StackError
from synapse_cli.stack.paths import StackPaths
from synapse_cli.stack.process import ProcessFailedError, RunningProcess, start

_READY_TIMEOUT_S = 90
_STOP_TIMEOUT_S = 45  # longer than any drain_grace_s
_TOKEN_TTL_S = 30 * 24 * 3600


def _silent(_name: str, _readiness: str) -> None:
    return None


class LocalStack:
    """Processes of one stack, found again by its state file."""

    def __init__(self, paths: StackPaths, processes: list[RunningProcess], gateway: str) -> None:
        self.paths = paths
        self.processes = processes
        self.gateway = gateway
        """``host:port`` of the gateway."""

    @classmethod
    def start(cls, config: StackConfig, on_wait: Callable[[str, str], None] = _silent) -> LocalStack:
        """Make certificates and a token, start every process, and return once all are ready.

        Raises:
            StackError: a stack runs here already, or a process did not become ready (then none is left running).
        """
        paths = config.paths
        if paths.state.exists() and any(process.alive for process in cls.load(paths).processes):
            raise StackError("the stack is running already; `synapse status` shows it, `synapse down` stops it")
        specs = config.processes()
        for old in paths.logs.glob("*.log"):
            old.unlink()
        _make_identities(paths, [*(spec.name for spec in specs), "client"])
        stack = cls(paths, [], config.address("gateway"))
        try:
            for spec in specs:
                stack.processes.append(start(spec, paths.logs))
                stack._save(specs)
            for process in stack.processes:
                process.wait_ready(_READY_TIMEOUT_S, on_wait)
        except ProcessFailedError as error:
            stack.stop()
            raise StackError(str(error)) from None
        except BaseException:
            stack.stop()
            raise
        return stack

    @classmethod
    @contextmanager
    def running(cls, config: StackConfig, on_wait: Callable[[str, str], None] = _silent) -> Iterator[LocalStack]:
        """A stack for the length of a ``with`` block."""
        stack = cls.start(config, on_wait)
        try:
            yield stack
        finally:
            stack.stop()

    @classmethod
    def load(cls, paths: StackPaths) -> LocalStack:
        """The stack that was started in `paths`.

        Raises:
            StackError: none was.
        """
        try:
            state = json.loads(paths.state.read_text())
        except FileNotFoundError:
            raise StackError("no stack has been started here; `synapse up` starts one") from None
        processes = [
            RunningProcess(item["name"], item["pid"], item["created"], item["ready_url"], Path(item["log"]))
            for item in state["processes"]
        ]
        return cls(paths, processes, state["gateway"])

    def process(self, name: str) -> RunningProcess:
        """The process called `name`."""
        return next(process for process in self.processes if process.name == name)

    def restart(self, config: StackConfig, name: str) -> RunningProcess:
        """Start one process again after it ended, with the same ports and identity."""
        spec = next(spec for spec in config.processes() if spec.name == name)
        process = start(spec, self.paths.logs)
        self.processes = [process if old.name == name else old for old in self.processes]
        self._save(config.processes())
        return process

    def stop(self) -> None:
        """Drain and end every process, the gateway first, so that no call finds its peer gone."""
        for process in sorted(self.processes, key=lambda item: item.name != "gateway"):
            process.terminate()
            if process.name == "gateway":
                process.wait_ended(_STOP_TIMEOUT_S)
        for process in self.processes:
            process.wait_ended(_STOP_TIMEOUT_S)
        self.paths.state.unlink(missing_ok=True)

    def _save(self, specs: list[ProcessSpec]) -> None:
        ports = {spec.name: dict(spec.ports) for spec in specs}
        state = {
            "gateway": self.gateway,
            "processes": [
                {
                    "name": process.name,
                    "pid": process.pid,
                    "created": process.created,
                    "ready_url": process.ready_url,
                    "log": str(process.log),
                    "ports": ports[process.name],
                }
                for process in self.processes
            ],
        }
        partial = self.paths.state.with_suffix(".part")
        partial.write_text(json.dumps(state, indent=2))
        partial.replace(self.paths.state)


def _make_identities(paths: StackPaths, names: list[str]) -> None:
    paths.root.mkdir(parents=True, exist_ok=True)
    authority = LocalAuthority(paths.certificates)
    for name in names:
        authority.issue(name)
    issuer = LocalIssuer()
    paths.issuer_key.write_bytes(issuer.public_key_pem)
    token = issuer.mint("local-user", roles=["user", "viewer"], ttl_s=_TOKEN_TTL_S)
    paths.token.unlink(missing_ok=True)
    descriptor = os.open(paths.token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token)
