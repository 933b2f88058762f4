"""What identifies the code of a run, so that a cache never serves what other code made."""

from __future__ import annotations

import hashlib
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Final

import synapse_common

import synapse_pipelines

_LIBRARIES: Final = ("onnxruntime", "scikit-learn", "torch", "transformers")


def code_version() -> str:
    """Return a hash (12 hex digits) of the pipelines' source, of what they share with the services, and of libraries.

    Of the libraries it takes the versions of those whose own changes change figures.
    """
    digest = hashlib.sha256()
    for library in _LIBRARIES:
        digest.update(f"{library}=={metadata.version(library)}\n".encode())
    for package in (synapse_common, synapse_pipelines):
        root = Path(next(iter(package.__path__)))
        for file in sorted((*root.rglob("*.py"), *root.rglob("*.yaml"))):
            digest.update(file.relative_to(root).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def git_commit() -> str:
    """Return the commit of the checkout this package is in, ``+`` if it has changes; ``unknown`` without one."""
    folder = Path(next(iter(synapse_pipelines.__path__)))
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
