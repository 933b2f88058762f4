"""An append-only file of lines. A line that was acknowledged is on disk; one that was not leaves no trace."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from synapse_common.errors import ConfigurationError, Unavailable
from synapse_common.logs import get_logger

_log = get_logger(__name__)
_CHUNK = 64 * 1024


class Journal:
    """One file, held by one process. Its methods block: call them in a thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, made when absent, and cut off a last line that a crash left torn.

        Raises:
            Unavailable: another process holds it.
            ConfigurationError: it cannot be opened.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be opened: {error}") from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._size = self._repair()
            _sync_folder(path.parent)  # a new file's name must be on disk, too
        except BlockingIOError:
            os.close(self._descriptor)
            raise Unavailable(f"another process writes to {path}") from None
        except OSError as error:
            os.close(self._descriptor)
            raise ConfigurationError(f"{path} cannot be used: {error}") from None

    def append(self, lines: Sequence[bytes]) -> None:
        """Write the lines, each without its line end, and return once they are on disk; all of them or none.

        Raises:
            OSError: they are not; the file is as it was before.
        """
        content = b"".join(line + b"\n" for line in lines)
        try:
            written = 0
            while written < len(content):
                written += os.pwrite(self._descriptor, content[written:], self._size + written)
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(content)

    def close(self) -> None:
        """Let the file go."""
        os.close(self._descriptor)

    def _repair(self) -> int:
        """The size up to the last line end; what follows was never acknowledged and goes."""
        size = end = os.fstat(self._descriptor).st_size
        while end > 0:
            start = max(0, end - _CHUNK)
            newline = os.pread(self._descriptor, end - start, start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            _log.warning("removed a torn last line", file=str(self.path), bytes=size - end)
            os.ftruncate(self._descriptor, end)
            os.fsync(self._descriptor)
        return end


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
