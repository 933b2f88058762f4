"""Fine-tune the moderation classifier: data set and recipe in, model and decision rule out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import Floats

from synapse_pipelines.data.dataset import load_info
from synapse_pipelines.evaluation.metrics import macro_auprc
from synapse_pipelines.evaluation.thresholds import Decisions, decide, write_decisions
from synapse_pipelines.progress import Event, OnEvent, ignore
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.checkpoint import CheckpointStore
from synapse_pipelines.training.distributed import World, joined_world
from synapse_pipelines.training.encoder import encoder_version
from synapse_pipelines.training.loop import Loop
from synapse_pipelines.training.loss import label_tensor
from synapse_pipelines.training.predict import torch_logits
from synapse_pipelines.training.rows import TrainingRows, read_split, training_rows
from synapse_pipelines.training.vocabulary import prune_vocabulary

OnLook = Callable[[Floats, Floats], None]
"""Takes logits and labels, each [n, 8], of a look at validation."""

_CURVE_POINTS = 200


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
    """Over the whole training, each value the mean of as many steps as the others."""
    parameters: int
    device: str
    workers: int
    precision: str


def train_model(
    dataset: Path,
    recipe: Recipe,
    base_encoder: str,
    out: Path,
    on_event: OnEvent,
    checkpoints: Path | None = None,
    on_look: OnLook | None = None,
) -> TrainingSummary:
    """Train on the data set in `dataset`; write ``model/``, ``thresholds.json`` and ``training.json`` to `out`.

    With `checkpoints` the training leaves checkpoints in a folder of its own in there, named by what decides its
    result; a training of the same recipe, data and encoder that finds them goes on from the last. They are removed when
    the model is written. Started by torchrun, all its workers train one model together and the first one writes.

    `on_look` gets logits and labels of each look at validation, on every worker; it may raise to end training.

    Raises:
        DataError: the data set has labels that do not fit, or a category without positives.
        TrainingError: the encoder cannot be used, the loss stopped being a number, a checkpoint cannot be written, or
            the process was asked to end.
    """
    with joined_world() as world:
        report = on_event if world.is_main else ignore
        torch.manual_seed(recipe.seed)
        if recipe.threads is not None:
            torch.set_num_threads(recipe.threads)
        tokenizer = classifier.load_tokenizer(base_encoder)
        model = classifier.from_encoder(
            base_encoder,
            layers=recipe.layers,
            frozen_layers=recipe.frozen_layers,
            dropout=recipe.dropout,
            train_embeddings=recipe.train_embeddings,
        )
        train = read_split(dataset, "train")
        if recipe.vocabulary is not None:
            tokenizer = prune_vocabulary(model, tokenizer, train["text"], recipe.vocabulary)
        model = model.to(classifier.device())
        rows = training_rows(train, tokenizer, recipe.max_tokens)
        valid = read_split(dataset, "valid")
        truth = label_tensor(valid).numpy()

        def logits() -> Floats:
            texts: list[str] = valid["text"].tolist()
            own = torch_logits(model, tokenizer, world.share(texts), recipe.max_tokens)
            return world.gather(own, len(texts))

        def score() -> float:
            found = logits()
            if on_look is not None:
                on_look(found, truth)
            return macro_auprc(found, truth)

        store = _store(checkpoints, recipe, base_encoder, rows, valid)
        loop = Loop(
            model,
            rows,
            tokenizer.pad_token_id,
            recipe,
            score,
            world=world,
            store=store,
            on_event=report,
        )
        loop.run()
        report(Event("train", "running", "calibrating", 1.0))
        decisions = decide(logits(), valid, recipe, generated=load_info(dataset).name == "generated")
        summary = _summary(loop, model, recipe, base_encoder, world)
        if world.is_main:
            _write(out, model, tokenizer, decisions, summary)
            if store is not None:
                store.clear()
        world.wait()
    return summary


def _store(
    checkpoints: Path | None, recipe: Recipe, base_encoder: str, rows: TrainingRows, valid: pd.DataFrame
) -> CheckpointStore | None:
    """Return where this training's checkpoints are: in a folder named by all that decides its result, code aside."""
    if checkpoints is None:
        return None
    digest = hashlib.sha256()
    for part in (recipe.for_training(), encoder_version(base_encoder), rows.digest()):
        digest.update(part.encode() + b"\0")
    digest.update(pd.util.hash_pandas_object(valid["text"], index=False).to_numpy().tobytes())
    digest.update(label_tensor(valid).numpy().tobytes())
    fingerprint = digest.hexdigest()
    return CheckpointStore(checkpoints / fingerprint[:16], fingerprint)


def _summary(
    loop: Loop, model: classifier.ModerationClassifier, recipe: Recipe, base_encoder: str, world: World
) -> TrainingSummary:
    progress = loop.progress
    parts = np.array_split(progress.losses, min(_CURVE_POINTS, len(progress.losses)))
    return TrainingSummary(
        base_encoder=Path(base_encoder).name,
        max_tokens=recipe.max_tokens,
        steps=progress.step,
        planned_steps=len(loop.steps),
        rows_seen=loop.rows_seen,
        seconds=round(progress.seconds, 1),
        stopped=progress.stopped,
        valid_macro_auprc=progress.scores,
        train_loss=[round(float(np.mean(part)), 6) for part in parts],
        parameters=sum(p.numel() for p in model.parameters()),
        device=str(classifier.device()),
        workers=world.size,
        precision=str(loop.format).removeprefix("torch."),
    )


def _write(
    out: Path, model: classifier.ModerationClassifier, tokenizer: Any, decisions: Decisions, summary: TrainingSummary
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    classifier.save(model.cpu(), tokenizer, out / "model")
    write_decisions(decisions, out)
    (out / "training.json").write_text(summary.model_dump_json(indent=2), encoding="utf-8")
