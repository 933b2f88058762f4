"""Reports for people: one at a time, in a process of its own, on a folder that does not grow without end."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from synapse_common.errors import DeadlineExceeded, Internal
from synapse_common.logs import get_logger

from synapse_drift_monitor.drift.reference import Reference

_log = get_logger(__name__)


class Reporter:
    """Has Evidently write HTML reports.

    Evidently takes ten seconds of pure Python and some 300 MB of memory, so it runs in a process that ends with the
    report: the event loop stays free, and so does the memory.
    """

    def __init__(self, folder: Path, *, kept: int, timeout_s: float) -> None:
        self._folder = folder
        self._kept = kept
        self._timeout_s = timeout_s
        self._writing = asyncio.Lock()

    async def write(self, reference: Reference, window: pd.DataFrame, deadline_s: float | None) -> Path:
        """Write a report that compares `window` with `reference`; returns the path of the HTML file.

        Raises:
            DeadlineExceeded: it took longer than the setting, or than the `deadline_s` seconds the caller waits.
            Internal: the report's process failed; its output is in the log.
        """
        limit_s = self._timeout_s if deadline_s is None else min(self._timeout_s, deadline_s)
        try:
            async with asyncio.timeout(limit_s), self._writing:
                return await self._write(reference, window)
        except TimeoutError:
            raise DeadlineExceeded(f"the report was not written within {limit_s:.3g} s") from None

    async def _write(self, reference: Reference, window: pd.DataFrame) -> Path:
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        path = self._folder / f"drift-{reference.model_version}-{moment}.html"
        with tempfile.TemporaryDirectory(prefix="drift-report-") as scratch:
            current, draft = Path(scratch) / "current.parquet", Path(scratch) / "report.html"
            await asyncio.to_thread(window.to_parquet, current, index=False)
            await _run("synapse_drift_monitor.report", reference.path, current, draft)
            await asyncio.to_thread(self._publish, draft, path)
        return path

    def _publish(self, draft: Path, path: Path) -> None:
        """Put a finished report in the folder, under its name at once, and delete the oldest ones."""
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(draft.read_bytes())
        partial.rename(path)
        for old in sorted(self._folder.glob("drift-*.html"), key=lambda file: file.stat().st_mtime)[: -self._kept]:
            old.unlink()


async def _run(module: str, *arguments: Path) -> None:
    """Run a module in a fresh interpreter; it is killed when the caller is cancelled."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *map(str, arguments),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, errors = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        _log.error("the report failed", exit=process.returncode, output=errors.decode(errors="replace")[-2000:])
        raise Internal(f"{module} ended with status {process.returncode}")
