from pathlib import Path

import pandas as pd
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.evaluation.baseline import fit_baseline


def test_the_baseline_learns_words_and_survives_an_empty_class(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "text": ["good day friend", "you awful moron"] * 30,
            **{column: [None] * 60 for column in COLUMNS},
            "toxicity": [False, True] * 30,
            "hate": [False] * 60,
        }
    ).astype(dict.fromkeys(COLUMNS, "boolean"))
    for split in ("train", "test"):
        rows.to_parquet(tmp_path / f"{split}.parquet", index=False)
    macro, figures = fit_baseline(tmp_path, seed=0)
    assert macro == 1.0
    assert figures["toxicity"].f1 == 1.0
    assert figures["hate"].auprc is None
