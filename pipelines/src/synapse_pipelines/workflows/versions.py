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


def code_version(*models: Path) -> str:
    """Return a hash (12 hex digits) of what decides a run's figures beside its data and its settings.

    That is the pipelines' source with their word lists, prompts and templates, what they share with the services, the
    versions of the libraries whose own changes change figures, and the files in the folders `models`, which steps use.
    """
    digest = hashlib.sha256()
    for library in _LIBRARIES:
        digest.update(f"{library}=={metadata.version(library)}\n".encode())
    for package in (synapse_common, synapse_pipelines):
        root = Path(next(iter(package.__path__)))
        _add(digest, root)
    for folder in models:
        _add(digest, folder)
    return digest.hexdigest()[:12]


def _add(digest: hashlib._Hash, root: Path) -> None:
    for file in sorted(root.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(file.relative_to(root).as_posix().encode())
            digest.update(file.read_bytes())


def git_commit() -> str:
    """Return the commit of the checkout this package is in, ``+`` if it has changes; ``unknown`` without one."""
    folder = Path(next(iter(synapse_pipelines.__path__)))
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
