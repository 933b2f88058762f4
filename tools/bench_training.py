"""Texts per second of the training loop and of Hugging Face's Trainer: same encoder, rows, loss and number format.

Both make one pass over the same rows. The Trainer is as it comes (random batches of a fixed number of rows, padded to
the longest), with the mean number of rows that the loop's batches have.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from synapse_pipelines.data.generate import write_tables
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.progress import ignore
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.batches import pad
from synapse_pipelines.training.distributed import World
from synapse_pipelines.training.encoder import resolve_encoder
from synapse_pipelines.training.loop import Loop
from synapse_pipelines.training.loss import masked_bce, positive_weights
from synapse_pipelines.training.rows import TrainingRows, read_split, training_rows
from torch import Tensor, nn
from transformers import Trainer, TrainingArguments

from tools.bench import record


class _WithLoss(nn.Module):
    """The classifier as the Trainer wants it: labels in, loss out."""

    def __init__(self, model: classifier.ModerationClassifier, positive_weight: Tensor) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("positive_weight", positive_weight)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> dict[str, Tensor]:
        logits = self.model(input_ids, attention_mask).float()
        known = float((~labels.isnan()).sum())
        ones = torch.ones(len(labels), device=labels.device)
        return {"loss": masked_bce(logits, labels, self.get_buffer("positive_weight"), ones, known), "logits": logits}


def main() -> None:
    """Measure both, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", type=Path, help="prepared data set; without it one is generated")
    parser.add_argument("--rows", type=int, default=2_000, help="training rows to pass over")
    parser.add_argument("--layers", type=int, default=6, help="encoder layers kept")
    parser.add_argument("--tokens", type=int, default=640, help="padded tokens of one batch of the loop, at most")
    options = parser.parse_args()
    recipe = Recipe(layers=options.layers, max_tokens=128, tokens_per_batch=options.tokens)
    encoder = resolve_encoder(None, Path("build/encoders").resolve())
    tokenizer = classifier.load_tokenizer(encoder)
    with tempfile.TemporaryDirectory() as scratch:
        dataset = options.dataset or _generated(Path(scratch), options.rows)
        table = read_split(dataset, "train")
        rows = training_rows(table.sample(min(options.rows, len(table)), random_state=0), tokenizer, recipe.max_tokens)
    # The first batches of a process pay for what both need: threads, kernels, memory.
    _loop(TrainingRows(rows.ids[:64], rows.labels[:64], rows.weight[:64]), recipe, encoder, tokenizer.pad_token_id)
    ours, batches, number_format = _loop(rows, recipe, encoder, tokenizer.pad_token_id)
    batch_rows = max(1, round(len(rows.ids) / batches))
    theirs = _trainer(rows, recipe, encoder, tokenizer.pad_token_id, batch_rows, number_format)
    where = classifier.device()
    record(
        "training",
        {
            "device": torch.cuda.get_device_name() if where.type == "cuda" else "cpu",
            "threads": torch.get_num_threads(),
            "precision": str(number_format).removeprefix("torch."),
            "encoder": Path(encoder).name,
            "layers": recipe.layers,
            "rows": len(rows.ids),
            "rows_per_batch": batch_rows,
            "loop_texts_per_second": round(ours, 1),
            "hugging_face_trainer_texts_per_second": round(theirs, 1),
            "ratio": round(ours / theirs, 2),
        },
    )


def _generated(folder: Path, rows: int) -> Path:
    tables = write_tables(folder / "tables", annotations=rows, messages=200, seed=7)
    changes = {"max_source_rows": None, "max_tokens": 128}
    prepare_dataset(tables, PRESETS["tiny"].model_copy(update=changes), folder / "dataset")
    return folder / "dataset"


def _model(recipe: Recipe, encoder: str) -> classifier.ModerationClassifier:
    torch.manual_seed(recipe.seed)
    return classifier.from_encoder(encoder, layers=recipe.layers, frozen_layers=0, dropout=recipe.dropout)


def _loop(rows: TrainingRows, recipe: Recipe, encoder: str, pad_id: int) -> tuple[float, int, torch.dtype]:
    """Return texts per second, batches, and the number format of the loop."""
    model = _model(recipe, encoder).to(classifier.device())
    loop = Loop(model, rows, pad_id, recipe, lambda: 0.0, world=World(), store=None, on_event=ignore)
    started = time.perf_counter()
    loop.run()
    return len(rows.ids) / (time.perf_counter() - started), len(loop.steps), loop.format


def _trainer(
    rows: TrainingRows, recipe: Recipe, encoder: str, pad_id: int, batch_rows: int, number_format: torch.dtype
) -> float:
    """Return texts per second of the Trainer."""
    weight = positive_weights(rows.labels, recipe.max_positive_weight)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=batch_rows,
            num_train_epochs=1,
            learning_rate=recipe.learning_rate,
            bf16=number_format == torch.bfloat16,
            fp16=number_format == torch.float16,
            use_cpu=classifier.device().type == "cpu",
            remove_unused_columns=False,
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
        )

        def collate(numbers: list[int]) -> dict[str, Any]:
            input_ids, mask = pad([rows.ids[number] for number in numbers], pad_id)
            return {"input_ids": input_ids, "attention_mask": mask, "labels": rows.labels[numbers]}

        trainer = Trainer(
            model=_WithLoss(_model(recipe, encoder), weight),
            args=arguments,
            train_dataset=list(range(len(rows.ids))),
            data_collator=collate,
        )
        started = time.perf_counter()
        trainer.train()
        return len(rows.ids) / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
