import pandas as pd
from synapse_common.taxonomy import CATEGORIES, COLUMNS
from synapse_pipelines.evaluation.baselines.tfidf import tfidf_scores


def test_the_baseline_learns_words_and_survives_an_empty_class() -> None:
    rows = pd.DataFrame(
        {
            "text": ["good day friend", "you awful moron"] * 30,
            **{column: [None] * 60 for column in COLUMNS},
            "toxicity": [False, True] * 30,
            "hate": [False] * 60,
        }
    ).astype(dict.fromkeys(COLUMNS, "boolean"))
    scores = tfidf_scores(rows, ["what a moron", "a good friend"], seed=0)
    assert scores.shape == (2, len(CATEGORIES))
    assert scores[0, 0] > 0.5 > scores[1, 0]
    assert (scores[:, 1:] == 0).all()
