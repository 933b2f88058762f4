"""Fine-tune the moderation classifier."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import DecisionRule, Floats
from torch import Tensor, nn

from synapse_pipelines.data.prepare import load_info, load_split
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.evaluation.metrics import macro_auprc
from synapse_pipelines.progress import Event, OnEvent
from synapse_pipelines.settings import Recipe
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.batches import batch_indices, encode, pad
from synapse_pipelines.training.calibration import fit_decision_rule, only_sure_verdicts
from synapse_pipelines.training.loss import label_tensor, masked_bce, positive_weights
from synapse_pipelines.training.predict import torch_logits

_STEP = "train"
_REPORT_EVERY_S = 2.0


class TrainingSummary(BaseModel):
    """How training went: content of ``training.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_encoder: str
    max_tokens: int
    steps: int
    planned_steps: int
    rows_seen: int
    seconds: float
    stopped: str
    valid_macro_auprc: list[float]
    train_loss: list[float]
    parameters: int
    device: str
    bfloat16: bool


@dataclass(frozen=True)
class _Prepared:
    ids: list[list[int]]
    labels: Tensor


def train_model(dataset: Path, recipe: Recipe, base_encoder: str, out: Path, on_event: OnEvent) -> TrainingSummary:
    """Train on the data set in `dataset`; write ``model/``, ``thresholds.json`` and ``training.json`` to `out`.

    Raises:
        TrainingError: the encoder cannot be used, or the loss stopped being a number.
    """
    torch.manual_seed(recipe.seed)
    if recipe.threads is not None:
        torch.set_num_threads(recipe.threads)
    tokenizer = classifier.load_tokenizer(base_encoder)
    model = classifier.from_encoder(
        base_encoder, layers=recipe.layers, frozen_layers=recipe.frozen_layers, dropout=recipe.dropout
    ).to(classifier.device())
    rows, valid = load_split(dataset, "train"), load_split(dataset, "valid")
    data = _Prepared(encode(tokenizer, rows["text"].tolist(), recipe.max_tokens), label_tensor(rows))
    summary = _fit(model, tokenizer, data, valid, recipe, base_encoder, on_event)

    on_event(Event(_STEP, "running", "calibrating", 1.0))
    logits = torch_logits(model, tokenizer, valid["text"].tolist(), recipe.max_tokens)
    rule = fit_decision_rule(logits, label_tensor(valid).numpy(), recipe.max_false_positive_rate)
    if load_info(dataset).name == "generated":
        rule = only_sure_verdicts(rule, recipe.generated_lowest_threshold)
    _write(out, model, tokenizer, rule, summary)
    return summary


def _write(
    out: Path, model: classifier.ModerationClassifier, tokenizer: Any, rule: DecisionRule, summary: TrainingSummary
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    classifier.save(model.cpu(), tokenizer, out / "model")
    (out / "thresholds.json").write_text(rule.model_dump_json(indent=2), encoding="utf-8")
    (out / "training.json").write_text(summary.model_dump_json(indent=2), encoding="utf-8")


def _fit(
    model: classifier.ModerationClassifier,
    tokenizer: Any,
    data: _Prepared,
    valid: pd.DataFrame,
    recipe: Recipe,
    base_encoder: str,
    on_event: OnEvent,
) -> TrainingSummary:
    rng = np.random.default_rng(recipe.seed)
    lengths = [len(row) for row in data.ids]
    passes = max(recipe.epochs, math.ceil(recipe.min_rows_seen / len(lengths)))
    batches = [b for _ in range(passes) for b in batch_indices(lengths, recipe.tokens_per_batch, rng)]
    optimiser = _optimiser(model, recipe)
    peaks = [group["lr"] for group in optimiser.param_groups]
    weight = positive_weights(data.labels, recipe.max_positive_weight)
    looks = {math.ceil(len(batches) * (n + 1) / recipe.evaluations) for n in range(recipe.evaluations)}
    watch = _Watch(patience=recipe.patience)
    losses: list[float] = []
    started = last_report = time.monotonic()
    seen, stopped = 0, "all epochs done"
    model.train()
    for step, rows in enumerate(batches, start=1):
        elapsed = time.monotonic() - started
        done = step / len(batches)
        if recipe.max_minutes is not None:
            # The schedule follows the clock where the clock would end training first, so it always ends at rate zero.
            done = max(done, elapsed / (60 * recipe.max_minutes))
            if done >= 1.0 and 1 < step < len(batches):
                stopped = f"time cap of {recipe.max_minutes} minutes"
                break
        for group, peak in zip(optimiser.param_groups, peaks, strict=True):
            group["lr"] = peak * _schedule(done, recipe.warmup_share)
        losses.append(_step(model, optimiser, data, rows, weight, tokenizer.pad_token_id))
        seen += len(rows)
        if not math.isfinite(losses[-1]):
            raise TrainingError(f"the loss became {losses[-1]} at step {step}; lower the learning rate")
        if (now := time.monotonic()) - last_report > _REPORT_EVERY_S or step == len(batches):
            last_report = now
            message = f"loss {np.mean(losses[-50:]):.3f}, {seen / (now - started):.0f} texts/s"
            on_event(Event(_STEP, "running", message, done))
        if step in looks and not watch.look(model, _score(model, tokenizer, valid, recipe)):
            stopped = f"no better for {recipe.patience} looks"
            break
    watch.restore(model)
    return TrainingSummary(
        base_encoder=Path(base_encoder).name,
        max_tokens=recipe.max_tokens,
        steps=len(losses),
        planned_steps=len(batches),
        rows_seen=seen,
        seconds=round(time.monotonic() - started, 1),
        stopped=stopped,
        valid_macro_auprc=watch.scores,
        train_loss=[round(float(np.mean(part)), 4) for part in np.array_split(losses, min(20, len(losses)))],
        parameters=sum(p.numel() for p in model.parameters()),
        device=str(classifier.device()),
        bfloat16=_has_bfloat16(),
    )


class _Watch:
    """Keeps the best weights so far and says when looking on is no use."""

    def __init__(self, patience: int) -> None:
        self.scores: list[float] = []
        self._patience = patience
        self._best: dict[str, Tensor] | None = None

    def look(self, model: nn.Module, score: float) -> bool:
        """Record a validation score; return whether training should go on."""
        self.scores.append(round(score, 5))
        if score >= max(self.scores):
            self._best = copy.deepcopy(model.state_dict())
        return len(self.scores) - 1 - int(np.argmax(self.scores)) < self._patience

    def restore(self, model: nn.Module) -> None:
        """Put the best weights back, where any look was taken."""
        if self._best is not None:
            model.load_state_dict(self._best)


def _optimiser(model: classifier.ModerationClassifier, recipe: Recipe) -> torch.optim.Optimizer:
    body = [parameter for parameter in model.encoder.parameters() if parameter.requires_grad]
    groups = [
        {"params": body, "lr": recipe.learning_rate},
        {"params": list(model.head.parameters()), "lr": recipe.head_learning_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, fused=True)


def _schedule(done: float, warmup: float) -> float:
    """Linear warm-up to 1, then linear decay to 0."""
    return done / warmup if done < warmup else max(0.0, (1.0 - done) / (1.0 - warmup))


def _step(
    model: nn.Module, optimiser: torch.optim.Optimizer, data: _Prepared, rows: list[int], weight: Tensor, pad_id: int
) -> float:
    where = classifier.device()
    input_ids, mask = pad([data.ids[row] for row in rows], pad_id)
    with torch.autocast(where.type, dtype=torch.bfloat16, enabled=_has_bfloat16()):
        logits = model(input_ids.to(where), mask.to(where))
    loss = masked_bce(logits.float(), data.labels[rows].to(where), weight.to(where))
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return float(loss.detach())


def _score(model: classifier.ModerationClassifier, tokenizer: Any, valid: pd.DataFrame, recipe: Recipe) -> float:
    logits: Floats = torch_logits(model, tokenizer, valid["text"].tolist(), recipe.max_tokens)
    return macro_auprc(logits, label_tensor(valid).numpy())


def _has_bfloat16() -> bool:
    """Whether bfloat16 is computed in hardware here; emulated, it would be slower than float32."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
