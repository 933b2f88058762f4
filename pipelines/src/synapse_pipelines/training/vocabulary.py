"""A smaller vocabulary: a small encoder's word embeddings weigh more than its layers, and many pieces are never used.

Pieces that go are spelled with shorter ones, so no text becomes unreadable; the tokens it costs are measured.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

import torch
from synapse_common.text import model_input
from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedTokenizerFast

from synapse_pipelines.errors import TrainingError
from synapse_pipelines.training.model import ModerationClassifier

_AT_ONCE: Final = 4096
_SPECIAL: Final = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


def prune_vocabulary(
    model: ModerationClassifier, tokenizer: Any, texts: Iterable[str], size: int
) -> PreTrainedTokenizerFast:
    """Keep at most `size` pieces, those `texts` use most, in `model`'s embeddings and in the tokenizer it returns.

    Special tokens and single characters always stay; pieces that no text uses go.

    Raises:
        TrainingError: the tokenizer is neither Unigram nor WordPiece, or `size` does not hold what always stays.
    """
    spec = json.loads(tokenizer.backend_tokenizer.to_str())
    pieces = _pieces(spec)
    kept = _kept(pieces, set(tokenizer.all_special_ids), _usage(tokenizer.backend_tokenizer, texts), size)
    old = model.encoder.get_submodule("embeddings.word_embeddings")
    if not isinstance(old, nn.Embedding):
        raise TrainingError("the encoder has no word embeddings to prune")
    new = nn.Embedding(len(kept), old.embedding_dim)
    with torch.no_grad():
        new.weight.copy_(old.weight[torch.tensor(kept)])
    new.weight.requires_grad_(old.weight.requires_grad)
    number = {piece: place for place, piece in enumerate(kept)}
    new.padding_idx = None if old.padding_idx is None else number[old.padding_idx]
    model.encoder.embeddings.word_embeddings = new  # type: ignore[union-attr]  # a Hugging Face encoder, typed as any module
    model.encoder.config.vocab_size = len(kept)  # type: ignore[union-attr]
    model.encoder.config.pad_token_id = new.padding_idx  # type: ignore[union-attr]
    _renumber(spec, number)
    special = {name: value for name in _SPECIAL if (value := getattr(tokenizer, name, None))}
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=Tokenizer.from_str(json.dumps(spec)), model_max_length=tokenizer.model_max_length, **special
    )


def _usage(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[int]:
    used: Counter[int] = Counter()
    rest = iter(texts)
    while part := [model_input(text) for text in islice(rest, _AT_ONCE)]:
        for encoding in tokenizer.encode_batch_fast(part):
            used.update(encoding.ids)
    return used


def _pieces(spec: dict[str, Any]) -> list[str]:
    """The pieces in the order of their numbers."""
    vocabulary, kind = spec["model"]["vocab"], spec["model"]["type"]
    if kind == "Unigram":
        return [piece for piece, _ in vocabulary]
    if kind == "WordPiece":
        return sorted(vocabulary, key=vocabulary.__getitem__)
    raise TrainingError(f"cannot prune the vocabulary of a {kind} tokenizer; set recipe.vocabulary to null")


def _kept(pieces: Sequence[str], special: set[int], used: Counter[int], size: int) -> list[int]:
    always = {n for n, piece in enumerate(pieces) if n in special or len(piece.removeprefix("##").lstrip("▁")) <= 1}
    # A character that no text uses need not stay, or the alphabets of the world would crowd out words.
    always -= {n for n in always - special if not used[n] and not pieces[n].isascii()}
    if len(always) > size:
        raise TrainingError(f"a vocabulary of {size} pieces is too small: {len(always)} characters always stay")
    frequent = [n for n, _ in sorted(used.items(), key=lambda item: (-item[1], item[0])) if n not in always]
    return sorted(always | set(frequent[: size - len(always)]))


def _renumber(spec: dict[str, Any], number: dict[int, int]) -> None:
    model = spec["model"]
    if model["type"] == "Unigram":
        model["vocab"] = [model["vocab"][old] for old in number]
        model["unk_id"] = number[model["unk_id"]]
    else:
        model["vocab"] = {piece: number[old] for piece, old in model["vocab"].items() if old in number}
    for token in spec["added_tokens"]:
        token["id"] = number[token["id"]]
    for token in ((spec.get("post_processor") or {}).get("special_tokens") or {}).values():
        token["ids"] = [number[old] for old in token["ids"]]
