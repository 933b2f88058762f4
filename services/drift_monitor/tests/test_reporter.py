import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from synapse_common.errors import DeadlineExceeded, Internal
from synapse_drift_monitor.drift.reference import Reference
from synapse_drift_monitor.reporter import Reporter


@pytest.fixture
def fake_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a shell script in the place of the interpreter: its arguments are -m, module, reference, current, html."""

    def install(script: str) -> None:
        file = tmp_path / "python"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(file))

    return install


async def write(reporter: Reporter, reference: Reference, population: Any, deadline_s: float | None = None) -> Path:
    window = population().draw(5, np.random.default_rng(0))
    return await reporter.write(reference, window, deadline_s)


async def test_old_reports_are_deleted(
    tmp_path: Path, reference: Reference, population: Any, fake_python: Callable[[str], None]
) -> None:
    fake_python('echo report > "$5"')
    folder = tmp_path / "reports"
    reporter = Reporter(folder, kept=2, timeout_s=30)
    written = []
    for age in (300, 200, 100):
        path = await write(reporter, reference, population)
        stat = path.stat()
        os.utime(path, (stat.st_atime - age, stat.st_mtime - age))
        written.append(path)
    assert sorted(folder.iterdir()) == sorted(written[1:])


async def test_a_failing_process_is_an_internal_error(
    tmp_path: Path, reference: Reference, population: Any, fake_python: Callable[[str], None]
) -> None:
    fake_python("echo broken >&2; exit 3")
    with pytest.raises(Internal, match="status 3"):
        await write(Reporter(tmp_path / "reports", kept=2, timeout_s=30), reference, population)
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(("timeout_s", "deadline_s"), [(0.3, None), (30.0, 0.3)])
async def test_a_process_that_takes_too_long_is_killed(
    tmp_path: Path,
    reference: Reference,
    population: Any,
    fake_python: Callable[[str], None],
    timeout_s: float,
    deadline_s: float | None,
) -> None:
    fake_python(f"echo $$ > {tmp_path}/pid; exec sleep 600")
    with pytest.raises(DeadlineExceeded, match=r"within 0\.3 s"):
        await write(Reporter(tmp_path / "reports", kept=2, timeout_s=timeout_s), reference, population, deadline_s)
    if (pid := tmp_path / "pid").exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)
