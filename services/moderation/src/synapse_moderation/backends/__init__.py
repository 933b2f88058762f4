"""Ways to run the model: ONNX Runtime int8 on a CPU, torch on a GPU."""

from synapse_moderation.backends.base import Backend
from synapse_moderation.backends.load import load_backend

__all__ = ["Backend", "load_backend"]
