"""Train a small student on what a large teacher says, and measure what the student loses against it.

Knowledge distillation (Hinton et al., 2015) for labels with gaps: where a source says nothing about a category the
teacher's calibrated probability is the target, and where it does the target is a mixture of label and probability. So
the student learns every category from every row, and noisy labels are smoothed.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import DecisionRule, Floats
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.evaluation.metrics import macro_auprc
from synapse_pipelines.progress import Event, OnEvent
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.loss import label_tensor
from synapse_pipelines.training.predict import torch_logits
from synapse_pipelines.training.rows import read_split
from synapse_pipelines.training.train import TrainingSummary, train_model
from synapse_pipelines.training.vocabulary import prune_vocabulary

_STEP: Final = "distil"
SUMMARY_FILE: Final = "distillation.json"
TEACHER_LOGITS: Final = "teacher_test_logits.npy"
"""Beside a student: its teacher's logits on the test split, float32 [n, 8], for a paired comparison."""


class DistillationSummary(BaseModel):
    """What the student costs on the test split: content of ``distillation.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    teacher_macro_auprc: float
    student_macro_auprc: float
    teacher_parameters: int
    student_parameters: int
    tokens_share: float
    """Tokens that the student's vocabulary needs for the test texts, as a multiple of the teacher's."""

    @property
    def cost(self) -> float:
        """Macro AUPRC lost; negative where the student is better."""
        return self.teacher_macro_auprc - self.student_macro_auprc


def distil_model(
    trained: Path, dataset: Path, recipe: Recipe, out: Path, on_event: OnEvent, checkpoints: Path | None = None
) -> DistillationSummary:
    """Train the student of the model in `trained`; write what training writes, and ``distillation.json``, to `out`.

    The student is the teacher's lowest layers with a smaller vocabulary (`recipe.student`).

    Raises:
        ValueError: the recipe has no student.
        DataError, TrainingError: as `train_model`; also where the recipe asks for more layers than the teacher has.
    """
    student = recipe.student
    if student is None:
        raise ValueError("the recipe names no student")
    out.mkdir(parents=True, exist_ok=True)
    teacher = classifier.load(trained / "model").to(classifier.device())
    tokenizer = classifier.load_tokenizer(str(trained / "model"))
    rule = DecisionRule.model_validate_json((trained / "thresholds.json").read_bytes())
    rows, test = read_split(dataset, "train"), read_split(dataset, "test")

    on_event(Event(_STEP, "running", f"asking the teacher about {len(rows)} texts", 0.0))
    said = rule.scores(torch_logits(teacher, tokenizer, rows["text"].tolist(), recipe.max_tokens))
    teacher_test = torch_logits(teacher, tokenizer, test["text"].tolist(), recipe.max_tokens)

    start = classifier.shrunk(teacher, student.layers)
    small = prune_vocabulary(start, tokenizer, rows["text"], student.vocabulary)
    work = out / "work"
    classifier.save(start.cpu(), small, work / "start")
    _soft_dataset(dataset, rows, soft_labels(label_tensor(rows).numpy(), said, student.label_share), work / "data")
    train_model(
        work / "data", recipe.for_student(), str(work / "start"), out, _renamed(on_event), checkpoints=checkpoints
    )
    shutil.rmtree(work)
    _name_origin(out, trained)

    made = classifier.load(out / "model").to(classifier.device())
    labels = label_tensor(test).numpy()
    texts: list[str] = test["text"].tolist()
    summary = DistillationSummary(
        teacher_macro_auprc=macro_auprc(teacher_test, labels),
        student_macro_auprc=macro_auprc(torch_logits(made, small, texts, recipe.max_tokens), labels),
        teacher_parameters=_parameters(teacher),
        student_parameters=_parameters(made),
        tokens_share=_tokens(small, texts) / _tokens(tokenizer, texts),
    )
    np.save(out / TEACHER_LOGITS, teacher_test)
    (out / SUMMARY_FILE).write_text(summary.model_dump_json(indent=2), encoding="utf-8")
    return summary


def soft_labels(labels: Floats, teacher: Floats, label_share: float) -> Floats:
    """Return the student's targets from labels (NaN where unknown) and the teacher's probabilities, all [n, 8]."""
    mixed = label_share * labels + (1.0 - label_share) * teacher
    return np.where(np.isnan(labels), teacher, mixed).astype(np.float32)


def _soft_dataset(dataset: Path, rows: pd.DataFrame, targets: Floats, out: Path) -> None:
    """The data set with soft labels in train; what else there is stays, for thresholds are chosen by true labels."""
    shutil.copytree(dataset, out, ignore=shutil.ignore_patterns("train.parquet"))
    soft = rows.astype(dict.fromkeys(COLUMNS, "float32"))
    soft[list(COLUMNS)] = targets
    soft.to_parquet(out / "train.parquet", index=False)


def _name_origin(out: Path, trained: Path) -> None:
    """The student's ``training.json`` names the encoder that its teacher came from."""
    origin = TrainingSummary.model_validate_json((trained / "training.json").read_bytes()).base_encoder
    own = TrainingSummary.model_validate_json((out / "training.json").read_bytes())
    told = own.model_copy(update={"base_encoder": origin}).model_dump_json(indent=2)
    (out / "training.json").write_text(told, encoding="utf-8")


def _renamed(on_event: OnEvent) -> OnEvent:
    return lambda event: on_event(Event(_STEP, event.state, event.message, event.fraction))


def _parameters(model: Any) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _tokens(tokenizer: Any, texts: list[str]) -> int:
    return sum(len(row) for row in tokenizer(texts)["input_ids"])
