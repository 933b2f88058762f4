"""The optimiser, its learning rates over time, and the number format that it all is computed in."""

from __future__ import annotations

from typing import Final

import torch

from synapse_pipelines.errors import TrainingError
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.model import ModerationClassifier

_FORMATS: Final = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def make_optimiser(model: ModerationClassifier, recipe: Recipe) -> torch.optim.Optimizer:
    """Return AdamW (Loshchilov and Hutter, 2019) with one learning rate for the encoder and one for the head."""
    body = [parameter for parameter in model.encoder.parameters() if parameter.requires_grad]
    groups = [
        {"params": body, "lr": recipe.learning_rate},
        {"params": list(model.head.parameters()), "lr": recipe.head_learning_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, fused=True)


def set_rates(optimiser: torch.optim.Optimizer, recipe: Recipe, done: float) -> None:
    """Set the learning rates for the moment when the share `done` of training is over."""
    share = schedule(done, recipe.warmup_share)
    for group, peak in zip(optimiser.param_groups, (recipe.learning_rate, recipe.head_learning_rate), strict=True):
        group["lr"] = peak * share


def schedule(done: float, warmup: float) -> float:
    """Linear warm-up to 1, then linear decay to 0."""
    return done / warmup if done < warmup else max(0.0, (1.0 - done) / (1.0 - warmup))


def number_format(wanted: str, device: torch.device) -> torch.dtype:
    """Return what matrix products are computed in: as `wanted`, or for "auto" the fastest that is safe here.

    That is bfloat16 where the hardware has it (emulated, it would be slower than float32), else float16 on a GPU, else
    float32.

    Raises:
        TrainingError: the device cannot compute in the wanted format.
    """
    has_bfloat16 = (
        torch.cuda.is_bf16_supported(including_emulation=False)
        if device.type == "cuda"
        else bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
    )
    if wanted == "auto":
        if has_bfloat16:
            return torch.bfloat16
        return torch.float16 if device.type == "cuda" else torch.float32
    if wanted == "bfloat16" and not has_bfloat16:
        raise TrainingError(f"this {device.type} has no bfloat16; set the recipe's precision to auto")
    return _FORMATS[wanted]
