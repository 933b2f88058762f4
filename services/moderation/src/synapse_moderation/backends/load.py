"""Choice of the backend by setting and by what the machine has."""

from __future__ import annotations

import importlib.util
from typing import Literal

from synapse_common.bundle import Bundle
from synapse_common.errors import ConfigurationError

from synapse_moderation.backends.base import Backend
from synapse_moderation.backends.onnx import OnnxBackend

Device = Literal["auto", "cpu", "cuda"]


def load_backend(bundle: Bundle, device: Device, workers: int) -> Backend:
    """Load the bundle's model for `device`; blocks for the time that takes.

    Raises:
        ConfigurationError: cuda was asked for and there is none.
        BundleError: the bundle's model cannot be loaded.
    """
    if device == "cpu" or (device == "auto" and not _has_cuda()):
        return OnnxBackend(bundle, workers)
    if not _has_cuda():
        raise ConfigurationError("device is cuda, but torch finds no GPU; set device to cpu or auto")
    from synapse_moderation.backends.torch import TorchBackend

    return TorchBackend(bundle, "cuda")


def _has_cuda() -> bool:
    """The CPU image has no torch at all."""
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()
