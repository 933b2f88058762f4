"""Where benchmarks leave their figures: ``build/bench/<name>.json``, with the machine, date and commit they are of."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synapse_pipelines.workflows.versions import git_commit


def record(name: str, figures: dict[str, Any]) -> Path:
    """Write and print the `figures` of the benchmark `name`; return the file."""
    content = {
        "name": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git_commit(),
        "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version()},
        "figures": figures,
    }
    file = Path("build/bench") / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2), encoding="utf-8")
    print(json.dumps(content, indent=2))
    return file


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())
