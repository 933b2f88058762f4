"""Measure a trained model on the test split, which neither training nor calibration has seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import DecisionRule
from synapse_common.taxonomy import CATEGORIES

from synapse_pipelines.data.prepare import DatasetInfo, load_info, load_split
from synapse_pipelines.evaluation.baseline import fit_baseline
from synapse_pipelines.evaluation.metrics import CategoryFigures, all_figures, category_figures, curves, macro_auprc
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.loss import label_tensor
from synapse_pipelines.training.predict import torch_logits
from synapse_pipelines.training.train import TrainingSummary

ALL_LANGUAGES = "all"
TEST_LOGITS = "test_logits.npy"


class Evaluation(BaseModel):
    """Everything a report shows of one model: content of ``evaluation.json``. All figures are on the test split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: DatasetInfo
    training: TrainingSummary
    decision: DecisionRule
    macro_auprc: float
    baseline_macro_auprc: float
    figures: dict[str, dict[str, CategoryFigures]]
    """By language (``all``, ``en``, ``pt``), then by category."""
    flagged: dict[str, CategoryFigures]
    """The verdict by language, on texts with a positive label or known not to be toxic; AUPRC is of the top score."""
    flagged_confusion: list[list[int]]
    """The verdict on the same texts, in all languages; rows and columns as in `confusion`."""
    baseline: dict[str, CategoryFigures]
    confusion: dict[str, list[list[int]]]
    """By category: [[true negatives, false positives], [false negatives, true positives]]."""
    curves: dict[str, dict[str, list[float]]]
    """By category: precision, recall (same length); fpr, tpr, threshold (same length)."""
    chat_flag_rate: float
    """Share of everyday chat messages, not labelled and not in train, that would be flagged."""
    chat_flag_rates: dict[str, float]


def evaluate_model(trained: Path, dataset: Path, seed: int, out: Path) -> Evaluation:
    """Measure the model in `trained` and the baseline on the test split of `dataset`.

    Writes ``evaluation.json`` and ``test_logits.npy`` (float32 [n, 8]) to `out`.
    """
    out.mkdir(parents=True, exist_ok=True)
    training = TrainingSummary.model_validate_json((trained / "training.json").read_bytes())
    rule = DecisionRule.model_validate_json((trained / "thresholds.json").read_bytes())
    model = classifier.load(trained / "model").to(classifier.device())
    tokenizer = classifier.load_tokenizer(str(trained / "model"))
    test = load_split(dataset, "test")
    labels = label_tensor(test).numpy()
    logits = torch_logits(model, tokenizer, test["text"].tolist(), training.max_tokens)
    scores = rule.scores(logits)
    hits = rule.hits(scores)
    chat = pd.read_parquet(dataset / "chat.parquet")["text"].tolist()
    chat_hits = rule.hits(rule.scores(torch_logits(model, tokenizer, chat, training.max_tokens)))

    groups = {ALL_LANGUAGES: np.ones(len(test), dtype=bool)}
    groups |= {language: (test["language"] == language).to_numpy() for language in ("en", "pt")}
    verdict = np.where((labels == 1).any(axis=1), 1.0, np.where(labels[:, 0] == 0, 0.0, np.nan)).astype(np.float32)
    baseline_macro, baseline = fit_baseline(dataset, seed)
    evaluation = Evaluation(
        data=load_info(dataset),
        training=training,
        decision=rule,
        macro_auprc=macro_auprc(scores, labels),
        baseline_macro_auprc=baseline_macro,
        figures={name: all_figures(scores[rows], hits[rows], labels[rows]) for name, rows in groups.items()},
        flagged={
            name: category_figures(scores[rows].max(axis=1), np.asarray(hits[rows].any(axis=1)), verdict[rows])
            for name, rows in groups.items()
        },
        flagged_confusion=_confusion(np.asarray(hits.any(axis=1)), verdict),
        baseline=baseline,
        confusion={name: _confusion(hits[:, i], labels[:, i]) for i, name in enumerate(CATEGORIES)},
        curves=curves(scores, labels),
        chat_flag_rate=float(chat_hits.any(axis=1).mean()) if chat else 0.0,
        chat_flag_rates={name: float(chat_hits[:, i].mean()) if chat else 0.0 for i, name in enumerate(CATEGORIES)},
    )
    np.save(out / TEST_LOGITS, logits)
    (out / "evaluation.json").write_text(evaluation.model_dump_json(indent=1), encoding="utf-8")
    return evaluation


def load_evaluation(folder: Path) -> Evaluation:
    """Return what `evaluate_model` wrote into `folder`."""
    return Evaluation.model_validate_json((folder / "evaluation.json").read_bytes())


def _confusion(hits: np.ndarray, labels: np.ndarray) -> list[list[int]]:
    return [[int(((labels == truth) & (hits == hit)).sum()) for hit in (False, True)] for truth in (0, 1)]
