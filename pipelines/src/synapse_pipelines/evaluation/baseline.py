"""The baseline to beat: TF-IDF of words and word pairs with logistic regression, one per category."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from synapse_common.taxonomy import CATEGORIES

from synapse_pipelines.data.prepare import load_split
from synapse_pipelines.evaluation.metrics import CategoryFigures, all_figures, macro_auprc
from synapse_pipelines.training.loss import label_tensor

_MAX_FEATURES = 60_000


def fit_baseline(dataset: Path, seed: int) -> tuple[float, dict[str, CategoryFigures]]:
    """Fit on train and measure on test of the data set in `dataset`.

    Returns:
        Macro AUPRC, and figures by category at threshold 0.5.
    """
    train, test = load_split(dataset, "train"), load_split(dataset, "test")
    vectoriser = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, max_features=_MAX_FEATURES)
    train_x, test_x = vectoriser.fit_transform(train["text"]), vectoriser.transform(test["text"])
    train_y = label_tensor(train).numpy()
    scores = np.zeros((len(test), len(CATEGORIES)), dtype=np.float32)
    for column in range(len(CATEGORIES)):
        known = np.flatnonzero(~np.isnan(train_y[:, column]))
        truth = train_y[known, column]
        if len(np.unique(truth)) < 2:
            continue  # nothing to tell apart: the score stays 0
        model = LogisticRegression(class_weight="balanced", max_iter=1000, random_state=seed)
        scores[:, column] = model.fit(train_x[known], truth).predict_proba(test_x)[:, 1]
    labels = label_tensor(test).numpy()
    return macro_auprc(scores, labels), all_figures(scores, scores >= 0.5, labels)
