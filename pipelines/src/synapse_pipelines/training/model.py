"""The moderation classifier: a BERT encoder, mean pooling, one linear layer of eight logits."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file, save_file
from synapse_common.taxonomy import CATEGORIES
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from synapse_pipelines.errors import TrainingError

HEAD_FILE: Final = "head.safetensors"


class ModerationClassifier(nn.Module):
    """Token ids [n, t] and attention mask [n, t] to logits [n, 8] in the order of `CATEGORIES`.

    Mean pooling over the tokens, as the sentence encoders we start from were trained (Reimers and Gurevych, 2019); it
    learns faster than a fresh pooler on the first token.
    """

    def __init__(self, encoder: nn.Module, hidden_size: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, len(CATEGORIES))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits [n, 8]."""
        logits: Tensor = self.head(self.dropout(self.pooled(input_ids, attention_mask)))
        return logits

    def pooled(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the mean over tokens [n, h], added up in float32 whatever the encoder computes in."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean: Tensor = (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0)
        return mean


def from_encoder(
    name: str, *, layers: int | None, frozen_layers: int, dropout: float, train_embeddings: bool = False
) -> ModerationClassifier:
    """Return a classifier over the encoder `name` (folder or Hugging Face id), its head fresh unless `save` left one.

    Keeps the lowest `layers` layers, of which the lowest `frozen_layers` do not train. Nor do the word embeddings
    unless `train_embeddings`: words that the data lack would be left behind by those it has.

    Raises:
        TrainingError: there is no BERT encoder of that name or it has too few layers.
    """
    encoder = _load_encoder(name)
    blocks = getattr(getattr(encoder, "encoder", None), "layer", None)
    if not isinstance(blocks, nn.ModuleList):
        raise TrainingError(f"{name} is not a BERT encoder")
    kept = layers or len(blocks)
    if kept > len(blocks) or frozen_layers > kept:
        raise TrainingError(f"{name} has {len(blocks)} layers; asked to keep {kept} and freeze {frozen_layers}")
    del blocks[kept:]
    encoder.config.num_hidden_layers = kept
    encoder.embeddings.requires_grad_(requires_grad=train_embeddings)
    for part in blocks[:frozen_layers]:
        part.requires_grad_(requires_grad=False)
    model = ModerationClassifier(encoder, encoder.config.hidden_size, dropout)
    if (head := Path(name) / HEAD_FILE).is_file():
        model.head.load_state_dict(load_file(head))
    return model


def shrunk(model: ModerationClassifier, layers: int) -> ModerationClassifier:
    """Return a copy of `model` with its lowest `layers` layers.

    Raises:
        TrainingError: it has fewer.
    """
    small = copy.deepcopy(model)
    blocks = small.encoder.get_submodule("encoder.layer")
    if not isinstance(blocks, nn.ModuleList) or layers > len(blocks):
        raise TrainingError(f"a student of {layers} layers cannot be cut from a teacher with fewer")
    del blocks[layers:]
    small.encoder.config.num_hidden_layers = layers  # type: ignore[union-attr]  # a Hugging Face encoder, typed as any module
    return small


def save(model: ModerationClassifier, tokenizer: Any, folder: Path) -> None:
    """Write the encoder and tokenizer as a Hugging Face folder, and the head (weight [8, h], bias [8]) beside it."""
    model.encoder.save_pretrained(folder)  # type: ignore[operator]  # a Hugging Face model, typed as any module
    tokenizer.save_pretrained(folder)
    save_file({name: value.contiguous() for name, value in model.head.state_dict().items()}, folder / HEAD_FILE)


def load(folder: Path) -> ModerationClassifier:
    """Return the classifier that `save` wrote into `folder`, ready for inference."""
    encoder = _load_encoder(str(folder))
    model = ModerationClassifier(encoder, encoder.config.hidden_size)
    model.head.load_state_dict(load_file(folder / HEAD_FILE))
    return model.eval()


def load_tokenizer(name: str) -> Any:
    """Return the tokenizer of the encoder `name` (folder or Hugging Face id)."""
    try:
        return AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise TrainingError(f"no tokenizer for the base encoder {name}: {error}") from error


def device() -> torch.device:
    """Return the GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _load_encoder(name: str) -> Any:
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # a pooler left out on purpose would be reported at length
    try:
        return AutoModel.from_pretrained(name, add_pooling_layer=False, dtype=torch.float32)
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(f"cannot load the base encoder {name}: {error}") from error
