"""Put a bundle where the code carries it: small enough for git, the same version."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from synapse_common.bundle import TORCH_FOLDER, Bundle, Manifest, write_manifest

from synapse_pipelines.errors import GateError

MOST_BYTES: Final = 16_000_000


def release_bundle(bundle: Bundle, folder: Path) -> Manifest:
    """Replace `folder` by `bundle` without its torch weights, which CPUs do not need.

    Raises:
        GateError: the files would be too large for git; `folder` is left as it is.
    """
    kept = [name for name in bundle.manifest.files if not name.startswith(f"{TORCH_FOLDER}/")]
    size = sum((bundle.path / name).stat().st_size for name in kept)
    if size > MOST_BYTES:
        raise GateError(
            f"the bundle has {size / 1e6:.1f} MB, a released one may have {MOST_BYTES / 1e6:.0f}: "
            "give the recipe fewer int8_levels, a smaller vocabulary, or a student with fewer layers"
        )
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name in kept:
        target = fresh / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(bundle.path / name, target)
    told = bundle.manifest
    manifest = write_manifest(
        fresh,
        kind=told.kind,
        name=told.name,
        data=told.data,
        metrics=told.metrics,
        base_encoder=told.base_encoder,
        max_tokens=told.max_tokens,
        created=told.created,
    )
    shutil.rmtree(folder, ignore_errors=True)
    fresh.replace(folder)
    return manifest
