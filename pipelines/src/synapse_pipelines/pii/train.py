"""Train the tagger of names, places, organisations and addresses: ``python -m synapse_pipelines.pii.train``."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from tokenizers import Tokenizer
from torch import Tensor, nn

from synapse_pipelines.data.storage import files_at_hand
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.pii.calibrate import choose_biases
from synapse_pipelines.pii.card import write_card
from synapse_pipelines.pii.model import SpanTagger, TaggerInfo, save, save_info
from synapse_pipelines.pii.phrases import Sentence
from synapse_pipelines.pii.pools import Language, Side, side_of
from synapse_pipelines.pii.report import Report, markdown, measure
from synapse_pipelines.pii.sentences import (
    SOURCE_FILES,
    annotated_texts,
    chat_texts,
    generate,
    in_rows,
    labelled,
    nameless,
    refilled,
)
from synapse_pipelines.pii.tagger import (
    IGNORED,
    TAGS,
    TokenTagger,
    hide_number,
    pad_number,
    tag_numbers,
    windowed,
    windows,
)
from synapse_pipelines.progress import Event, OnEvent, print_event
from synapse_pipelines.settings import load_training_settings
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.batches import batch_indices, pad
from synapse_pipelines.training.encoder import resolve_encoder
from synapse_pipelines.training.optimiser import number_format, schedule
from synapse_pipelines.training.vocabulary import prune_vocabulary

_STEP: Final = "train-pii"
_REPORT_EVERY_S: Final = 2.0


class TaggerRecipe(BaseModel):
    """Everything besides data and code that decides which tagger comes out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 7
    layers: int = Field(default=6, ge=1, description="encoder layers kept, the lowest ones")
    vocabulary: int = Field(default=10_000, ge=1_000, description="pieces kept, the most used ones")
    generated: int = Field(default=20_000, ge=100, description="generated sentences")
    refills: int = Field(default=5, ge=0, description="times that labelled sentences are seen again with other values")
    validated: int = Field(default=700, ge=100, description="generated sentences that biases are chosen on")
    plain: int = Field(default=2_000, ge=0, description="plain texts without known names, of each source and language")
    epochs: int = Field(default=1, ge=1)
    max_tokens: int = Field(default=128, ge=64, le=512)
    tokens_per_batch: int = Field(default=768, ge=128)
    learning_rate: float = Field(default=3e-4, gt=0)
    head_learning_rate: float = Field(default=2e-3, gt=0)
    hidden_tokens: float = Field(default=0.08, ge=0, lt=1, description="share of tokens hidden, so that context counts")
    warmup_share: float = Field(default=0.06, ge=0, lt=1)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    measured: int = Field(default=1_500, ge=100, description="generated sentences that it is measured on")


def training_sentences(data_dir: Path | None, recipe: TaggerRecipe) -> list[Sentence]:
    """Return what the tagger learns from: none of it shares a template with what it is tested on."""
    sentences = generate(recipe.generated, "train", recipe.seed)
    if data_dir is not None:
        known = [one for one in labelled(data_dir, in_heldout=False) if side_of(one.template) != "valid"]
        sentences += known + refilled(known * recipe.refills, "train", recipe.seed)
        sentences += _plain(data_dir, "train", recipe.plain, recipe.seed)
    order = np.random.default_rng(recipe.seed).permutation(len(sentences))
    return in_rows([sentences[number] for number in order], recipe.seed)


def validation_sentences(data_dir: Path | None, recipe: TaggerRecipe) -> list[Sentence]:
    """Return what decides how sure the tagger must be: of templates that it neither learns from nor is tested on."""
    sentences = generate(recipe.validated, "valid", recipe.seed)
    if data_dir is not None:
        known = [one for one in labelled(data_dir, in_heldout=False) if side_of(one.template) == "valid"]
        sentences += known + refilled(known * recipe.refills, "valid", recipe.seed)
        sentences += _plain(data_dir, "valid", recipe.validated // 2, recipe.seed)
    return sentences


def _plain(data_dir: Path, side: Side, count: int, seed: int) -> list[Sentence]:
    sentences = nameless(chat_texts(data_dir, side), "en", count, seed)
    for language in get_args(Language):
        sentences += nameless(annotated_texts(data_dir, side, language), language, count, seed)
    return sentences


def fit(
    sentences: Sequence[Sentence], recipe: TaggerRecipe, base_encoder: str, on_event: OnEvent
) -> tuple[TokenTagger, Tokenizer, int]:
    """Return a tagger trained on `sentences`, its tokenizer, and the steps that it took.

    Raises:
        TrainingError: the encoder cannot be used, or the loss stopped being a number.
    """
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    texts = [sentence.text for sentence in sentences]
    tagger, tokenizer = fresh_tagger(base_encoder, texts, recipe)
    encoded = windows(tokenizer, texts)
    ids = [window.ids for _, window in encoded]
    tags = [tag_numbers(window, sentences[number].spans) for number, window in encoded]
    lengths = [len(row) for row in ids]
    batches = [b for _ in range(recipe.epochs) for b in batch_indices(lengths, recipe.tokens_per_batch, rng)]
    body = [parameter for parameter in tagger.encoder.parameters() if parameter.requires_grad]
    peaks = (recipe.learning_rate, recipe.head_learning_rate)
    groups = [{"params": body, "lr": peaks[0]}, {"params": list(tagger.head.parameters()), "lr": peaks[1]}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    pad_id, hide_id = pad_number(tokenizer), hide_number(tokenizer)
    losses: list[float] = []
    started = last_report = time.monotonic()
    tagger.train()
    for step, rows in enumerate(batches, start=1):
        for group, peak in zip(optimiser.param_groups, peaks, strict=True):
            group["lr"] = peak * schedule(step / len(batches), recipe.warmup_share)
        seen = [hidden(ids[row], tags[row], hide_id, recipe.hidden_tokens, rng) for row in rows]
        loss = _loss(tagger, seen, [tags[row] for row in rows], pad_id)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(tagger.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        if not math.isfinite(losses[-1]):
            raise TrainingError(f"the loss became {losses[-1]} at step {step}; lower the learning rate")
        if (now := time.monotonic()) - last_report > _REPORT_EVERY_S or step == len(batches):
            last_report = now
            message = f"loss {np.mean(losses[-50:]):.4f}, step {step} of {len(batches)}, {now - started:.0f} s"
            on_event(Event(_STEP, "running", message, step / len(batches)))
    return tagger.eval(), tokenizer, len(batches)


def fresh_tagger(base_encoder: str, texts: Sequence[str], recipe: TaggerRecipe) -> tuple[TokenTagger, Tokenizer]:
    """Return an untrained tagger over `base_encoder` and its tokenizer, with the vocabulary that `texts` use most."""
    model = classifier.from_encoder(base_encoder, layers=recipe.layers, frozen_layers=0, dropout=recipe.dropout)
    whole = classifier.load_tokenizer(base_encoder)
    tokenizer = windowed(prune_vocabulary(model, whole, texts, recipe.vocabulary).backend_tokenizer, recipe.max_tokens)
    positions = model.encoder.get_submodule("embeddings.position_embeddings")
    if isinstance(positions, nn.Embedding):  # no window reaches the others
        positions.weight = nn.Parameter(positions.weight[: recipe.max_tokens].clone(), requires_grad=False)
    return TokenTagger(model.encoder, model.head.in_features, recipe.dropout), tokenizer


def hidden(ids: list[int], tags: list[int], hide_id: int, share: float, rng: np.random.Generator) -> list[int]:
    """Return `ids` with a random `share` of those that have a tag replaced by `hide_id`."""
    drawn = rng.random(len(ids))
    return [
        hide_id if chance < share and tag != IGNORED else one for one, tag, chance in zip(ids, tags, drawn, strict=True)
    ]


def _loss(tagger: TokenTagger, ids: list[list[int]], tags: list[list[int]], pad_id: int) -> Tensor:
    input_ids, mask = pad(ids, pad_id)
    targets, _ = pad(tags, IGNORED)
    where = next(tagger.parameters()).device
    kind = number_format("auto", where)
    with torch.autocast(where.type, dtype=kind, enabled=kind is torch.bfloat16):
        logits = tagger(input_ids, mask).float()
    return nn.functional.cross_entropy(logits.reshape(-1, len(TAGS)), targets.reshape(-1), ignore_index=IGNORED)


def train_tagger(
    data_dir: Path | None, recipe: TaggerRecipe, base_encoder: str, out: Path, on_event: OnEvent
) -> Report:
    """Train a tagger, write it, ``evaluation.json``, ``report.md`` and ``CARD.md`` to `out`, and return the figures.

    Raises:
        TrainingError: the encoder cannot be used, or the loss stopped being a number.
        DataError: the labelled sentences cannot be read.
    """
    sentences = training_sentences(data_dir, recipe)
    started = time.monotonic()
    tagger, tokenizer, steps = fit(sentences, recipe, base_encoder, on_event)
    info = TaggerInfo(
        base_encoder=Path(base_encoder).name,
        max_tokens=recipe.max_tokens,
        sentences=len(sentences),
        steps=steps,
        seconds=round(time.monotonic() - started, 1),
        recipe=recipe.model_dump(),
    )
    save(tagger, tokenizer, info, out)
    on_event(Event(_STEP, "running", "choosing how sure it must be of each type", 1.0))
    valid = validation_sentences(data_dir, recipe)
    biases = choose_biases(valid, SpanTagger(out).read([sentence.text for sentence in valid]))
    save_info(info.model_copy(update={"biases": biases}), out)
    on_event(Event(_STEP, "running", "measuring", 1.0))
    measured = measure(SpanTagger(out), data_dir, recipe.measured, recipe.seed)
    (out / "evaluation.json").write_text(measured.model_dump_json(indent=2) + "\n", encoding="utf-8")
    (out / "report.md").write_text(markdown(measured), encoding="utf-8")
    write_card(out)
    return measured


def main() -> None:
    """Train as the settings say, print progress, and name the folder that the tagger is in."""
    settings = load_training_settings()
    out = settings.build_dir / "pii"
    encoder = resolve_encoder(settings.base_encoder, settings.build_dir.resolve() / "encoders")
    with tempfile.TemporaryDirectory() as scratch:
        data_dir = None if settings.data_dir is None else files_at_hand(settings.data_dir, SOURCE_FILES, Path(scratch))
        train_tagger(data_dir, TaggerRecipe(), encoder, out, print_event)
    print((out / "report.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
