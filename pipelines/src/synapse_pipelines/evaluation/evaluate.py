"""Measure a trained model on the test split, which neither training nor calibration has seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict
from synapse_common.bundle import Bundle
from synapse_common.decision import DecisionRule, Floats
from synapse_common.taxonomy import CATEGORIES

from synapse_pipelines.data.dataset import DatasetInfo, load_info, load_split
from synapse_pipelines.evaluation.attacks import AttackFigures, attack_figures
from synapse_pipelines.evaluation.baselines.compare import TFIDF, BaselineFigures, baseline_figures, baseline_scores
from synapse_pipelines.evaluation.bootstrap import Estimate, draw
from synapse_pipelines.evaluation.comparison import Comparison, bundle_logits, compare
from synapse_pipelines.evaluation.functional import FunctionalFigures, functional_figures
from synapse_pipelines.evaluation.goals import Goal, goals
from synapse_pipelines.evaluation.identity import FalsePositiveGap, false_positive_gap, mentions
from synapse_pipelines.evaluation.label_noise import LabelNoise, label_noise
from synapse_pipelines.evaluation.measured import Measured
from synapse_pipelines.evaluation.metrics import (
    CalibrationBin,
    CategoryFigures,
    calibration_bins,
    counted_categories,
    curves,
    macro_auprc,
)
from synapse_pipelines.evaluation.slices import SliceFigures, slice_figures
from synapse_pipelines.evaluation.thresholds import CategoryDecision, load_decisions
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.distil import TEACHER_LOGITS
from synapse_pipelines.training.predict import torch_logits
from synapse_pipelines.training.train import TrainingSummary

ALL_LANGUAGES: Final = "all"
TEST_LOGITS: Final = "test_logits.npy"


class Evaluation(BaseModel):
    """Everything a report shows of one model: content of ``evaluation.json``. All figures are on the test split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: DatasetInfo
    training: TrainingSummary
    decision: DecisionRule
    decisions: dict[str, CategoryDecision]
    """By category: how calibration and threshold came about, with the false-positive rates on validation."""
    goals: list[Goal]
    macro_auprc: float
    macro: dict[str, Estimate]
    """Macro AUPRC by language, with intervals; a language without enough labels is left out."""
    figures: dict[str, dict[str, CategoryFigures]]
    """By language (``all``, ``en``, ``pt``), then by category."""
    flagged: dict[str, CategoryFigures]
    """The verdict by language, on texts with a positive label or known not to be toxic; AUPRC is of the top score."""
    flagged_confusion: list[list[int]]
    """The verdict on the same texts, in all languages; rows and columns as in `confusion`."""
    baselines: dict[str, BaselineFigures]
    champion: Comparison | None
    teacher: Comparison | None
    """The model that this one was distilled from, where it was."""
    slices: list[SliceFigures]
    identity: FalsePositiveGap
    attacks: list[AttackFigures]
    functional: FunctionalFigures | None
    label_noise: dict[str, LabelNoise]
    """By category with enough labels, from this model's scores."""
    toxicity_noise_by_baseline: LabelNoise | None
    """The noise of toxicity once more, from the scores of TF-IDF with logistic regression."""
    confusion: dict[str, list[list[int]]]
    """By category: [[true negatives, false positives], [false negatives, true positives]]."""
    curves: dict[str, dict[str, list[float]]]
    """By category: precision, recall (same length); fpr, tpr, threshold (same length)."""
    reliability: dict[str, list[CalibrationBin]]
    """By category."""
    chat_flag_rate: float
    """Share of everyday chat messages, not labelled and not in train, that would be flagged."""
    chat_flag_rates: dict[str, float]

    @property
    def baseline(self) -> dict[str, CategoryFigures]:
        """The figures of TF-IDF with logistic regression by category, in all languages."""
        return self.baselines[TFIDF].figures[ALL_LANGUAGES]

    @property
    def baseline_macro_auprc(self) -> float:
        """Macro AUPRC of TF-IDF with logistic regression; 0 where no category has enough labels."""
        found = self.baselines[TFIDF].macro_auprc.get(ALL_LANGUAGES)
        return found.value if found else 0.0


def evaluate_model(
    trained: Path,
    dataset: Path,
    seed: int,
    out: Path,
    *,
    data_dir: Path | None = None,
    champion: Bundle | None = None,
) -> Evaluation:
    """Measure the model in `trained` and the baselines on the test split of `dataset`.

    Writes ``evaluation.json`` and ``test_logits.npy`` (float32 [n, 8]) to `out`.

    Args:
        trained: folder that training wrote, or distillation; the latter leaves the teacher's logits to compare with.
        dataset: prepared data.
        seed: of the baseline, the bootstrap and the spelling tricks.
        out: folder to write to.
        data_dir: source folder, for the word lists in it; without, the lexicon baseline has a short list of its own.
        champion: bundle to compare with.
    """
    out.mkdir(parents=True, exist_ok=True)
    training = TrainingSummary.model_validate_json((trained / "training.json").read_bytes())
    decisions = load_decisions(trained)
    rule = decisions.rule
    score = _scorer(trained)
    test = load_split(dataset, "test")
    texts: list[str] = test["text"].tolist()
    logits = score(texts)
    measured = Measured.of(logits, rule, test)
    chat: list[str] = pd.read_parquet(dataset / "chat.parquet")["text"].tolist()
    chat_hits = rule.hits(rule.scores(score(chat)))

    counts = draw(len(test), seed)
    groups = {ALL_LANGUAGES: np.ones(len(test), dtype=np.bool_)}
    groups |= {language: (test["language"] == language).to_numpy() for language in ("en", "pt")}
    figures = {name: measured.at(rows).category_figures(counts[:, rows]) for name, rows in groups.items()}
    macro = {name: measured.at(rows).macro(counts[:, rows]) for name, rows in groups.items()}
    tfidf, others = baseline_scores(load_split(dataset, "train"), texts, data_dir, seed)
    gap = false_positive_gap(mentions(texts), measured.flagged, measured.truth, counts)
    noise = {
        CATEGORIES[column]: found
        for column in counted_categories(measured.labels)
        if (found := label_noise(measured.scores[:, column], measured.labels[:, column], counts)) is not None
    }
    against = partial(compare, measured=measured, groups=groups, counts=counts)
    evaluation = Evaluation(
        data=load_info(dataset),
        training=training,
        decision=rule,
        decisions=decisions.categories,
        goals=goals(measured, tfidf, figures[ALL_LANGUAGES], gap, noise.get(CATEGORIES[0]), counts),
        macro_auprc=macro_auprc(measured.scores, measured.labels),
        macro={name: found for name, found in macro.items() if found is not None},
        figures=figures,
        flagged={name: measured.at(rows).verdict_figures(counts[:, rows]) for name, rows in groups.items()},
        flagged_confusion=_confusion(measured.flagged, measured.truth),
        baselines=baseline_figures(tfidf, others, measured.labels, groups, counts),
        champion=against(champion.manifest.version, other=bundle_logits(champion, texts)) if champion else None,
        teacher=against("teacher", other=np.load(taught)) if (taught := trained / TEACHER_LOGITS).is_file() else None,
        slices=slice_figures(measured, test, counts),
        identity=gap,
        attacks=attack_figures(texts, measured.truth, score, rule, seed),
        functional=functional_figures(dataset, score, rule, seed),
        label_noise=noise,
        toxicity_noise_by_baseline=label_noise(tfidf[:, 0], measured.labels[:, 0], counts),
        confusion={name: _confusion(measured.hits[:, i], measured.labels[:, i]) for i, name in enumerate(CATEGORIES)},
        curves=curves(measured.scores, measured.labels),
        reliability=_reliability(measured),
        chat_flag_rate=float(chat_hits.any(axis=1).mean()) if chat else 0.0,
        chat_flag_rates={name: float(chat_hits[:, i].mean()) if chat else 0.0 for i, name in enumerate(CATEGORIES)},
    )
    np.save(out / TEST_LOGITS, logits)
    (out / "evaluation.json").write_text(evaluation.model_dump_json(indent=1), encoding="utf-8")
    return evaluation


def load_evaluation(folder: Path) -> Evaluation:
    """Return what `evaluate_model` wrote into `folder`."""
    return Evaluation.model_validate_json((folder / "evaluation.json").read_bytes())


def _scorer(trained: Path) -> Callable[[list[str]], Floats]:
    """Return a function from texts to logits [n, 8] of the trained model in folder `trained`."""
    training = TrainingSummary.model_validate_json((trained / "training.json").read_bytes())
    model = classifier.load(trained / "model").to(classifier.device())
    tokenizer = classifier.load_tokenizer(str(trained / "model"))
    return lambda texts: torch_logits(model, tokenizer, texts, training.max_tokens)


def _reliability(measured: Measured) -> dict[str, list[CalibrationBin]]:
    known = ~np.isnan(measured.labels)
    return {
        name: calibration_bins(measured.scores[known[:, i], i], measured.labels[known[:, i], i] == 1)
        for i, name in enumerate(CATEGORIES)
    }


def _confusion(hits: np.ndarray, labels: np.ndarray) -> list[list[int]]:
    return [[int(((labels == truth) & (hits == hit)).sum()) for hit in (False, True)] for truth in (0, 1)]
