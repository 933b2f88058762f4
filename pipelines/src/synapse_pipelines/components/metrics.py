"""Files for artifacts that are metadata alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_metadata(*artifacts: Any) -> None:
    """Write each artifact's metadata as JSON to its path.

    Metrics live in an artifact's metadata, but `kfp.local` takes an artifact without a file for one that was lost, and
    would never serve its step from the cache.
    """
    for artifact in artifacts:
        Path(artifact.path).write_text(json.dumps(artifact.metadata, indent=2), encoding="utf-8")
