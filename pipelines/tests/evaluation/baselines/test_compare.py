import numpy as np
import pandas as pd
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.evaluation.baselines.compare import (
    LEXICON,
    PROFANITY,
    TFIDF,
    baseline_figures,
    baseline_scores,
)
from synapse_pipelines.evaluation.bootstrap import draw

ROWS = pd.DataFrame(
    {
        "text": ["good day friend", "you awful moron"] * 30,
        **{column: [None] * 60 for column in COLUMNS},
        "toxicity": [False, True] * 30,
    }
).astype(dict.fromkeys(COLUMNS, "boolean"))


def test_each_baseline_is_measured_for_what_it_knows() -> None:
    texts = ROWS["text"].tolist()
    tfidf, others = baseline_scores(ROWS, texts, None, seed=0)
    labels = np.full((60, 8), np.nan, np.float32)
    labels[:, 0] = [0, 1] * 30
    groups = {"all": np.ones(60, dtype=bool), "pt": np.zeros(60, dtype=bool)}
    found = baseline_figures(tfidf, others, labels, groups, draw(60, 0, resamples=20))
    assert list(found) == [TFIDF, LEXICON, PROFANITY]
    assert found[TFIDF].macro_auprc["all"].value == 1.0
    assert "pt" not in found[TFIDF].macro_auprc
    assert found[LEXICON].macro_auprc == {}
    assert list(found[LEXICON].figures["all"]) == ["toxicity"]
    assert found[LEXICON].figures["all"]["toxicity"].accuracy == 1.0
    assert found[PROFANITY].figures["all"]["toxicity"].auroc == 1.0
    assert found[PROFANITY].figures["pt"]["toxicity"].n == 0
