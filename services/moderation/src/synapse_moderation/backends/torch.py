"""bf16 on a GPU with torch: one worker, and batches large enough to fill the device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from synapse_common.bundle import TORCH_FOLDER, Bundle, BundleError
from transformers import AutoModel

from synapse_moderation.backends.tokenise import Ids, TextEncoder

_MOST_WINDOWS = 64  # computed at once


class TorchBackend:
    """Satisfies `Backend` with the bundle's ``model/``: a Hugging Face encoder, mean pooling, one linear layer."""

    workers = 1  # calls share the device; a second thread would only interleave its kernels
    job_texts: int | None = 64

    def __init__(self, bundle: Bundle, device: str) -> None:
        self._encoder = TextEncoder(bundle)
        self._device = torch.device(device)
        if f"{TORCH_FOLDER}/config.json" not in bundle.manifest.files:
            raise BundleError(f"{bundle.path} has no weights for torch: serve it with onnx, or train a bundle that has")
        folder = bundle.file(f"{TORCH_FOLDER}/config.json").parent
        try:
            model = AutoModel.from_pretrained(folder, add_pooling_layer=False, local_files_only=True)
            head = load_file(bundle.file(f"{TORCH_FOLDER}/head.safetensors"))
            self._weight, self._bias = head["weight"].to(self._device), head["bias"].to(self._device)
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise BundleError(f"{folder} is not a model this build can load: {error}") from None
        self._model = model.to(self._device).eval()
        # The smaller type pays on a GPU only.
        self._autocast = torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda")

    @torch.inference_mode()
    def logits(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Raw outputs [n, c] of `texts`."""
        return self._encoder.encode(texts).run(self._compute, _MOST_WINDOWS)

    def _compute(self, ids: Ids, mask: Ids) -> npt.NDArray[np.float32]:
        """Raw outputs [w, c] of windows [w, t]."""
        tokens, present = (torch.from_numpy(array).to(self._device) for array in (ids, mask))
        with self._autocast:
            hidden = self._model(input_ids=tokens, attention_mask=present).last_hidden_state
        # The sum and the head in fp32: they cost nothing, and bf16 has too few digits to add up hundreds of tokens.
        weights = present.unsqueeze(-1).float()
        pooled = (hidden.float() * weights).sum(dim=1) / weights.sum(dim=1)
        logits = torch.nn.functional.linear(pooled, self._weight.float(), self._bias.float())
        return np.asarray(logits.cpu().numpy(), dtype=np.float32)
