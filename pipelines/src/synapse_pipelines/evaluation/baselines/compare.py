"""Every baseline on the same test texts as the model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import Floats
from synapse_common.taxonomy import CATEGORIES

from synapse_pipelines.evaluation.baselines.lexicon import lexicon_scores, lexicon_terms
from synapse_pipelines.evaluation.baselines.profanity import profanity_scores
from synapse_pipelines.evaluation.baselines.tfidf import tfidf_scores
from synapse_pipelines.evaluation.bootstrap import Counts, Estimate, with_intervals
from synapse_pipelines.evaluation.measured import Measured
from synapse_pipelines.evaluation.metrics import CategoryFigures

TFIDF: Final = "TF-IDF + logistic regression"
LEXICON: Final = "lexicon"
PROFANITY: Final = "alt-profanity-check"
_CUT: Final = 0.5


class BaselineFigures(BaseModel):
    """A baseline's figures at score 0.5."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    macro_auprc: dict[str, Estimate]
    """By language; empty for a baseline that knows toxicity alone."""
    figures: dict[str, dict[str, CategoryFigures]]
    """By language, then by the categories that the baseline knows."""


def baseline_figures(
    tfidf: Floats,
    toxicity: Mapping[str, NDArray[np.float32]],
    labels: Floats,
    groups: Mapping[str, NDArray[np.bool_]],
    counts: Counts,
) -> dict[str, BaselineFigures]:
    """Return figures by baseline.

    Args:
        tfidf: scores [n, 8].
        toxicity: scores [n] of the baselines that know toxicity alone, by name.
        labels: 1, 0 or NaN for unknown [n, 8].
        groups: texts of each language [n].
        counts: resamples [b, n].
    """
    full = Measured(tfidf, tfidf >= _CUT, labels)
    macro, figures = {}, {}
    for group, rows in groups.items():
        part, drawn = full.at(rows), counts[:, rows]
        figures[group] = part.category_figures(drawn)
        if (own := part.macro(drawn)) is not None:
            macro[group] = own
    found = {TFIDF: BaselineFigures(macro_auprc=macro, figures=figures)}
    for name, scores in toxicity.items():
        of_one = {
            group: {
                CATEGORIES[0]: with_intervals(
                    counts[:, rows], scores[rows], np.asarray(scores[rows] >= _CUT), labels[rows, 0]
                )
            }
            for group, rows in groups.items()
        }
        found[name] = BaselineFigures(macro_auprc={}, figures=of_one)
    return found


def baseline_scores(
    train: pd.DataFrame, texts: list[str], data_dir: Path | None, seed: int
) -> tuple[Floats, dict[str, NDArray[np.float32]]]:
    """Fit TF-IDF with logistic regression on `train`; return its scores [n, 8] and the other baselines' [n] by name."""
    others = {LEXICON: lexicon_scores(lexicon_terms(data_dir), texts), PROFANITY: profanity_scores(texts)}
    return tfidf_scores(train, texts, seed), others
