"""Checkpoints of a training in one folder: whole or not there, and never mistaken for another training's."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any, Final

import torch

from synapse_pipelines.errors import TrainingError

_NAME: Final = re.compile(r"step-(?P<step>\d{8})-(?P<digest>[0-9a-f]{16})\.pt")
_KEPT: Final = 2  # the newest, and the one before, should the newest be damaged later


class CheckpointStore:
    """The checkpoints of the training that `fingerprint` stands for, in `folder`.

    A file's name holds its step and the hash of its content, so that a file that was cut short or changed is known and
    passed over.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder
        self._fingerprint = fingerprint

    def save(self, step: int, state: dict[str, Any]) -> None:
        """Write `state` after `step`: to a temporary file, flushed to the disk, then renamed; then drop the oldest.

        Raises:
            TrainingError: the file cannot be written (a full disk, say); earlier checkpoints are untouched.
        """
        partial = self.folder / "writing.partial"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                torch.save({"fingerprint": self._fingerprint, "state": state}, file)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(self.folder / f"step-{step:08d}-{_digest(partial)}.pt")
            _sync_folder(self.folder)
        except (OSError, RuntimeError) as error:
            partial.unlink(missing_ok=True)
            # torch's writer hides what the file system said behind an error of its own.
            cause = error if isinstance(error, OSError) else error.__context__ or error
            raise TrainingError(
                f"cannot write the checkpoint of step {step} to {self.folder}: {cause}; {self._rest()}"
            ) from error
        for _, old in self._files()[:-_KEPT]:
            old.unlink()

    def load(self) -> dict[str, Any] | None:
        """Return the state in the newest whole checkpoint, its tensors on the CPU, or None where there is none.

        Raises:
            TrainingError: the checkpoint is of another training.
        """
        for _, file in reversed(self._files()):
            match = _NAME.fullmatch(file.name)
            if match is None or _digest(file) != match["digest"]:
                continue
            content = torch.load(file, map_location="cpu", weights_only=True)
            if content["fingerprint"] != self._fingerprint:
                raise TrainingError(
                    f"{file} is a checkpoint of another training (other recipe, data or encoder); "
                    "choose another folder, or empty this one to start anew"
                )
            state: dict[str, Any] = content["state"]
            return state
        return None

    def clear(self) -> None:
        """Remove the checkpoints, and the folder where nothing else is in it."""
        for _, file in self._files():
            file.unlink()
        (self.folder / "writing.partial").unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def latest_step(self) -> int | None:
        """Return the step of the newest checkpoint, whole or not, or None."""
        files = self._files()
        return files[-1][0] if files else None

    def _rest(self) -> str:
        latest = self.latest_step()
        return "there is none yet" if latest is None else f"the one of step {latest} is kept"

    def _files(self) -> list[tuple[int, Path]]:
        found = ((_NAME.fullmatch(file.name), file) for file in self.folder.glob("step-*.pt"))
        return sorted((int(match["step"]), file) for match, file in found if match)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _sync_folder(folder: Path) -> None:
    """Flush the folder's entries: without this a power cut may undo a rename."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
