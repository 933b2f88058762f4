"""TF-IDF of words and word pairs with logistic regression, one per category."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from synapse_common.decision import Floats
from synapse_common.taxonomy import CATEGORIES

from synapse_pipelines.training.loss import label_tensor

_MAX_FEATURES = 60_000


def tfidf_scores(train: pd.DataFrame, texts: list[str], seed: int) -> Floats:
    """Fit on the rows of `train` and return scores [n, 8] of `texts`; 0 where a category has labels of one kind."""
    vectoriser = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, max_features=_MAX_FEATURES)
    train_x, test_x = vectoriser.fit_transform(train["text"]), vectoriser.transform(texts)
    train_y = label_tensor(train).numpy()
    scores = np.zeros((len(texts), len(CATEGORIES)), dtype=np.float32)
    for column in range(len(CATEGORIES)):
        known = np.flatnonzero(~np.isnan(train_y[:, column]))
        truth = train_y[known, column] >= 0.5
        if len(np.unique(truth)) < 2:
            continue
        model = LogisticRegression(class_weight="balanced", max_iter=1000, random_state=seed)
        scores[:, column] = model.fit(train_x[known], truth).predict_proba(test_x)[:, 1]
    return scores
