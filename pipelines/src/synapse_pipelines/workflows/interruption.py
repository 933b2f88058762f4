"""A run that is ended takes its step with it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, NoReturn

import psutil

_LAST_WORDS_S: Final = 60.0
"""A training writes a checkpoint when it is asked to end, which takes seconds, on a slow disk more."""

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def step_ends_with_us() -> Iterator[None]:
    """While the block runs, SIGTERM and Ctrl-C end the processes that it started before they end the block.

    These are asked first, so that a training writes a checkpoint, and killed when they take longer than a minute. It
    is the signals' handler that does so: who waits for a process closes its output first, and it would die of that. A
    second signal acts as it did outside of the block.
    """
    if threading.current_thread() is not threading.main_thread():  # only a main thread can be told
        yield
        return
    running = {child.pid for child in psutil.Process().children(recursive=True)}

    def end(number: int, _frame: object) -> NoReturn:
        restore()
        _end([child for child in psutil.Process().children(recursive=True) if child.pid not in running])
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        restore()


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        _tell(process, signal.SIGTERM)
    _, left = psutil.wait_procs(processes, timeout=_LAST_WORDS_S)
    for process in left:
        _tell(process, signal.SIGKILL)


def _tell(process: psutil.Process, number: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
