"""SIGTERM to a step whose training runs elsewhere: what was started there must end, too."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from synapse_pipelines.errors import StoppedError


class _TerminatedError(BaseException):
    """Not an `Exception`: client libraries, which SIGTERM may find waiting, turn those into failures of their own."""


@contextmanager
def stopped_by_termination() -> Iterator[None]:
    """End the block where SIGTERM finds it, by way of its ``finally``. Only a main thread can be told.

    A second SIGTERM does nothing: what is being cleaned up shall get done.

    Raises:
        StoppedError: SIGTERM came.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise _TerminatedError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except _TerminatedError:
        raise StoppedError("stopped by SIGTERM; the training elsewhere is ended") from None
    finally:
        signal.signal(signal.SIGTERM, before)
