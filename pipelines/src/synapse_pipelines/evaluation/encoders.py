"""Which base encoder to train from: the same small recipe for each, scored by language and timed as it would serve.

``python -m synapse_pipelines.evaluation.encoders --dataset DIR --encoder A --encoder B`` trains a classifier from each
on one prepared data set, measures macro AUPRC on its test split with paired intervals, and times the int8 model on the
CPU. Same seed, same rows, same number of steps: what differs is the encoder.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import Floats

from synapse_pipelines.data.dataset import load_split
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.evaluation.bootstrap import Estimate, draw
from synapse_pipelines.evaluation.comparison import Comparison, compare
from synapse_pipelines.evaluation.measured import Measured
from synapse_pipelines.evaluation.thresholds import load_decisions
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.progress import OnEvent, print_event
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.encoder import resolve_encoder
from synapse_pipelines.training.predict import onnx_logits
from synapse_pipelines.training.quantise import export_onnx, to_int8
from synapse_pipelines.training.train import train_model

_TIMED_TEXTS = 400


class EncoderFigures(BaseModel):
    """One encoder under the common recipe; quality and speed are those of the int8 model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: str
    parameters: int
    macro_auprc: dict[str, Estimate]
    """By language, and ``all``; a language without enough labels is left out."""
    gain_on_first: Comparison | None
    """Against the first encoder on the same texts; null for the first itself."""
    train_texts_per_second: float
    texts_per_second: float
    int8_bytes: int


def compare_encoders(
    dataset: Path, encoders: Sequence[str], recipe: Recipe, out: Path, on_event: OnEvent
) -> list[EncoderFigures]:
    """Train from each of `encoders` (folders or Hugging Face ids), keep the models under `out`, return the figures.

    Raises:
        TrainingError: fewer than two encoders are given, or one cannot be trained.
    """
    if len(encoders) < 2:
        raise TrainingError("a comparison takes two encoders or more")
    recipe = recipe.model_copy(update={"max_minutes": None})  # a slow encoder gets as many steps, not as many minutes
    test = load_split(dataset, "test")
    counts = draw(len(test), recipe.seed)
    groups = {"all": np.ones(len(test), dtype=np.bool_)}
    groups |= {language: (test["language"] == language).to_numpy() for language in ("en", "pt")}
    summaries = [
        train_model(dataset, recipe, encoder, out / str(number), on_event) for number, encoder in enumerate(encoders)
    ]
    # After all trainings: what else the machine does while one is timed then slows each alike.
    files = [_exported(out / str(number)) for number in range(len(encoders))]
    found: list[EncoderFigures] = []
    first: Floats | None = None
    for encoder, summary, file in zip(encoders, summaries, files, strict=True):
        tokenizer = classifier.load_tokenizer(str(file.parent / "model"))
        speed = _speed(file, tokenizer, test, recipe.max_tokens)
        measured = Measured.of(
            onnx_logits(file, tokenizer, test["text"].tolist(), recipe.max_tokens),
            load_decisions(file.parent).rule,
            test,
        )
        macro = {name: measured.at(rows).macro(counts[:, rows]) for name, rows in groups.items()}
        gain = None if first is None else compare(found[0].encoder, measured, first, groups, counts)
        first = measured.scores if first is None else first
        found.append(
            EncoderFigures(
                encoder=Path(encoder).name,
                parameters=summary.parameters,
                macro_auprc={name: one for name, one in macro.items() if one is not None},
                gain_on_first=gain,
                train_texts_per_second=summary.rows_seen / max(summary.seconds, 1e-9),
                texts_per_second=speed,
                int8_bytes=file.stat().st_size,
            )
        )
    return found


def markdown_table(found: Sequence[EncoderFigures]) -> str:
    """Return the comparison as a Markdown table."""
    languages = list(found[0].macro_auprc)
    heads = ["encoder", "parameters", *(f"macro AUPRC {name}" for name in languages)]
    heads += ["gain on the first", "training texts/s", "int8 texts/s", "int8 MB"]
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    for one in found:
        gain = "-" if one.gain_on_first is None else str(one.gain_on_first.gain.get("all", "-"))
        cells = [one.encoder, f"{one.parameters:,}", *(str(one.macro_auprc.get(name, "-")) for name in languages)]
        cells += [
            gain,
            f"{one.train_texts_per_second:.0f}",
            f"{one.texts_per_second:.0f}",
            f"{one.int8_bytes / 1e6:.1f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _exported(folder: Path) -> Path:
    file = folder / "model.int8.onnx"
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "model.onnx"
        export_onnx(classifier.load(folder / "model"), plain)
        to_int8(plain, file)
    return file


def _speed(file: Path, tokenizer: object, test: pd.DataFrame, max_tokens: int) -> float:
    texts: list[str] = test["text"].tolist()[:_TIMED_TEXTS]
    onnx_logits(file, tokenizer, texts[:8], max_tokens)  # the first call compiles the graph
    started = time.perf_counter()
    onnx_logits(file, tokenizer, texts, max_tokens)
    return len(texts) / (time.perf_counter() - started)


def main(arguments: Sequence[str]) -> None:
    """Compare encoders from the command line; prints the table and writes it as JSON."""
    parser = argparse.ArgumentParser(description="Train from several base encoders and compare them.")
    parser.add_argument("--dataset", type=Path, required=True, help="folder of prepared data")
    parser.add_argument(
        "--encoder", action="append", default=[], help="folder, Hugging Face id or minilm-l6; two or more"
    )
    parser.add_argument("--preset", choices=sorted(PRESETS), default="demo")
    parser.add_argument("--out", type=Path, default=Path("build/encoders-compared"))
    given = parser.parse_args(arguments)
    encoders = [resolve_encoder(name, given.out / "unpacked") for name in given.encoder]
    found = compare_encoders(given.dataset, encoders, PRESETS[given.preset], given.out, print_event)
    given.out.mkdir(parents=True, exist_ok=True)
    figures = [one.model_dump() for one in found]
    (given.out / "encoders.json").write_text(json.dumps(figures, indent=2), encoding="utf-8")
    print(markdown_table(found))


if __name__ == "__main__":
    main(sys.argv[1:])
