"""The model bundle: one folder per model version, the same in the registry, in object storage and on disk.

`bundle.json` is the manifest: it names the files with their SHA-256, so a reader serves exactly what was evaluated.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from synapse_common.decision import DecisionRule
from synapse_common.errors import ConfigurationError

MANIFEST_NAME: Final = "bundle.json"
BundleKind = Literal["moderation", "clustering"]

ONNX_FILE: Final = "model.int8.onnx.xz"
TORCH_FOLDER: Final = "model"
"""Weights for a GPU, a Hugging Face folder; a bundle that is to stay small goes without."""

REQUIRED_FILES: Final[dict[BundleKind, tuple[str, ...]]] = {
    "moderation": (
        ONNX_FILE,
        "tokenizer.json",
        "thresholds.json",
        "reference.parquet",
        "metrics.json",
        "CARD.md",
    ),
    "clustering": ("clusters.npz", "features.json", "labels.json", "metrics.json", "CARD.md"),
}


DOCUMENTS: Final = ("CARD.md", "card.json", "card-history.svg")
"""Files that tell of a bundle and decide nothing it does; they name its version, so the version leaves them out."""


class BundleError(ConfigurationError):
    """A bundle is missing, incomplete or not what its manifest says."""


class Manifest(BaseModel):
    """What `bundle.json` holds. `version` is a hash of the files that count, see `bundle_version`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    kind: BundleKind
    name: str = Field(min_length=1)
    version: str = Field(min_length=1)
    created: datetime
    data: dict[str, Any]
    metrics: dict[str, float]
    files: dict[str, str]
    base_encoder: str | None = None
    max_tokens: int | None = Field(default=None, ge=2)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if missing := [name for name in REQUIRED_FILES[self.kind] if name not in self.files]:
            raise ValueError(f"files lacks {', '.join(missing)}")
        for name in self.files:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise ValueError(f"files names a path outside the bundle: {name}")
        if self.kind == "moderation" and (self.base_encoder is None or self.max_tokens is None):
            raise ValueError("a moderation bundle must state base_encoder and max_tokens")
        return self


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files were found to be what the manifest says."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path, *, kind: BundleKind) -> Bundle:
        """Read and verify the bundle in folder `path`.

        Raises:
            BundleError: the folder or a file is missing, a hash differs, the manifest is wrong or of another kind.
        """
        manifest = load_manifest(path)
        if manifest.kind != kind:
            raise BundleError(f"{path} holds a {manifest.kind} bundle where a {kind} bundle is needed")
        for name, expected in manifest.files.items():
            file = path / name
            if not file.is_file():
                raise BundleError(f"{file} is missing; fetch or train the bundle again")
            if _sha256(file) != expected:
                raise BundleError(f"{file} does not match its SHA-256 in {MANIFEST_NAME}; fetch the bundle again")
        return cls(path=path, manifest=manifest)

    def file(self, name: str) -> Path:
        """Return the path of the verified file `name`; a `BundleError` if the manifest does not list it."""
        if name not in self.manifest.files:
            raise BundleError(f"{self.path / MANIFEST_NAME} does not list {name}")
        return self.path / name

    def decision_rule(self) -> DecisionRule:
        """Return the thresholds and calibration of a moderation bundle."""
        file = self.file("thresholds.json")
        try:
            return DecisionRule.model_validate_json(file.read_bytes())
        except ValidationError as error:
            raise BundleError(f"{file} is not valid: {_first(error)}") from error

    def onnx(self) -> bytes:
        """Return the int8 ONNX model of a moderation bundle, unpacked."""
        file = self.file(ONNX_FILE)
        try:
            return lzma.decompress(file.read_bytes())
        except lzma.LZMAError as error:
            raise BundleError(f"{file} is not a packed model: {error}") from error

    def json(self, name: str) -> Any:
        """Return the parsed content of the verified JSON file `name`."""
        file = self.file(name)
        try:
            return json.loads(file.read_bytes())
        except ValueError as error:
            raise BundleError(f"{file} is not valid JSON: {error}") from error


def load_manifest(path: Path) -> Manifest:
    """Read the manifest of the bundle in folder `path`, without verifying the other files.

    Raises:
        BundleError: there is no manifest there, or it is not valid.
    """
    file = path / MANIFEST_NAME
    try:
        return Manifest.model_validate_json(file.read_bytes())
    except OSError as error:
        raise BundleError(
            f"no model bundle in {path}: cannot read {MANIFEST_NAME}; train or fetch one first"
        ) from error
    except ValidationError as error:
        raise BundleError(f"{file} is not a valid manifest: {_first(error)}") from error


def write_manifest(
    folder: Path,
    *,
    kind: BundleKind,
    name: str,
    data: Mapping[str, Any],
    metrics: Mapping[str, float],
    base_encoder: str | None = None,
    max_tokens: int | None = None,
    created: datetime | None = None,
) -> Manifest:
    """Hash every file in `folder`, write `bundle.json` beside them and return it.

    `created` is now where it is not given.

    Raises:
        BundleError: a file that this kind of bundle needs is not there.
    """
    files = _hashes(folder)
    try:
        manifest = Manifest(
            kind=kind,
            name=name,
            version=_version(files),
            created=(created or datetime.now(UTC)).replace(microsecond=0),
            data=dict(data),
            metrics=dict(metrics),
            files=files,
            base_encoder=base_encoder,
            max_tokens=max_tokens,
        )
    except ValidationError as error:
        raise BundleError(f"{folder} is not a complete {kind} bundle: {_first(error)}") from error
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return manifest


def bundle_version(folder: Path) -> str:
    """Return the version of the bundle in `folder`: a hash of its files but manifest, `DOCUMENTS`, `TORCH_FOLDER`.

    Equal models have equal versions, whatever is written about them.
    """
    return _version(_hashes(folder))


def _hashes(folder: Path) -> dict[str, str]:
    paths = sorted(file for file in folder.rglob("*") if file.is_file() and file != folder / MANIFEST_NAME)
    return {file.relative_to(folder).as_posix(): _sha256(file) for file in paths}


def _version(files: Mapping[str, str]) -> str:
    counted = [f"{sha} {path}" for path, sha in files.items() if _counts(path)]
    return hashlib.sha256("\n".join(counted).encode()).hexdigest()[:12]


def _counts(path: str) -> bool:
    return path not in DOCUMENTS and not path.startswith(f"{TORCH_FOLDER}/")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in detail["loc"])
    return f"{where}: {detail['msg']}" if where else detail["msg"]
