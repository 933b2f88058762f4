"""Run a pipeline here by `kfp.local`: a process for each step, outputs and cache in folders, progress as events."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from kfp import local

from synapse_pipelines.errors import PipelineError
from synapse_pipelines.progress import Event, OnEvent, parse_event
from synapse_pipelines.workflows.interruption import step_ends_with_us

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STARTED = re.compile(r"Executing task '(?P<step>[\w-]+)'")
_CACHED = re.compile(r"Task '?(?P<step>[\w-]+)'? cache hit")
_DONE = re.compile(r"Task '(?P<step>[\w-]+)' finished with status SUCCESS")
_ERROR = re.compile(r"^\s*(?:[\w.]+\.)?(?P<kind>\w*(?:Error|Exception|NotFound)): (?P<message>.+)$")


def run_pipeline(
    pipeline: Callable[..., Any], arguments: Mapping[str, Any], *, build_dir: Path, on_event: OnEvent
) -> dict[str, Any]:
    """Run `pipeline` with `arguments` and return its outputs by name; artifacts have `path` and `metadata`.

    Outputs lie under ``<build_dir>/kfp``; a step whose inputs are those of an earlier run is served from the cache
    there. Everything the steps print goes to ``<build_dir>/kfp/<pipeline>.log``, what a person wants to know to
    `on_event`.

    Ctrl-C and SIGTERM end the step that runs as well; a training writes a checkpoint first.

    Raises:
        PipelineError: an argument contains "python3", which kfp.local garbles; or a step failed: then the message is
            that step's own, and names the log.
    """
    for value in (*arguments.values(), build_dir.resolve()):
        # kfp.local puts this interpreter's path wherever a step's command says "python3", in arguments as well.
        if "python3" in str(value):
            raise PipelineError(f'kfp.local cannot pass on a value that contains "python3": {value}')
    # Steps inherit this. Threads that spin while they wait for one another cost a factor of four (44 against 11 texts/s
    # in training) as soon as anything else runs on the machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    root = build_dir.resolve() / "kfp"
    root.mkdir(parents=True, exist_ok=True)
    name = str(getattr(pipeline, "name", "pipeline"))
    log = root / f"{name}.log"
    local.init(
        runner=local.SubprocessRunner(use_venv=False),
        pipeline_root=str(root / "runs"),
        enable_caching=True,
        cache_root=str(root / "cache"),
    )
    with log.open("w", encoding="utf-8") as file:
        watcher = _Watcher(file, on_event)
        try:
            with (
                warnings.catch_warnings(),
                contextlib.redirect_stdout(watcher),
                _root_log_to(watcher),
                step_ends_with_us(),
            ):
                # Here the steps run in this very environment, which is the one the image is built from.
                warnings.filterwarnings("ignore", message="You may be attemping to run a task", category=RuntimeWarning)
                task = pipeline(**arguments)
        except RuntimeError as error:
            reason = watcher.last_error or str(error)
            on_event(Event(watcher.step, "failed", reason))
            raise PipelineError(f"step {watcher.step} of {name} failed: {reason} (full log: {log})") from error
    return dict(task.outputs)


@contextlib.contextmanager
def _root_log_to(stream: io.TextIOBase) -> Iterator[None]:
    """Send the root logger to `stream`: kfp.local tells of cache hits there, where nobody listens by default."""
    root, handler = logging.getLogger(), logging.StreamHandler(stream)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


class _Watcher(io.TextIOBase):
    """Takes what the runner and the steps print, line by line: all of it to a log, what matters to `on_event`."""

    def __init__(self, log: TextIO, on_event: OnEvent) -> None:
        self.step = "start"
        self.last_error: str | None = None
        self._log = log
        self._on_event = on_event
        self._stdout = sys.stdout
        self._rest = ""

    def write(self, text: str) -> int:
        self._log.write(_COLOUR.sub("", text))
        self._log.flush()
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._take(_COLOUR.sub("", line))
        return len(text)

    def _tell(self, event: Event) -> None:
        # Whoever watches may print, and must not print into this log.
        with contextlib.redirect_stdout(self._stdout):
            self._on_event(event)

    def _take(self, line: str) -> None:
        if event := parse_event(line):
            self._tell(event)
        elif match := _STARTED.search(line):
            self.step, self.last_error = match["step"], None
            self._tell(Event(self.step, "started"))
        elif match := _CACHED.search(line):
            self._tell(Event(match["step"], "cached"))
        elif match := _DONE.search(line):
            self._tell(Event(match["step"], "done"))
        elif match := _ERROR.match(line):
            self.last_error = match["message"]
