"""The messages that the demo sends, taken from what training never saw."""

from __future__ import annotations

import itertools

import pandas as pd
from synapse_pipelines.run import TrainingResult


def everyday(trained: TrainingResult, count: int) -> list[str]:
    """Chat messages of the data, in random order (seeded)."""
    return _take(pd.read_parquet(trained.dataset_dir / "chat.parquet")["text"], count)


def usual(trained: TrainingResult, count: int) -> list[str]:
    """Messages like those of the drift reference, which is made of the validation split.

    They come from the test split; of generated data from validation itself, because there the splits hold different
    sentences by design, and that is a drift.
    """
    if trained.dataset.name == "generated":
        return _take(pd.read_parquet(trained.dataset_dir / "valid.parquet")["text"], count)
    return _take(_test_split(trained)["text"], count)


def shifted(trained: TrainingResult, count: int) -> list[str]:
    """A wave of Portuguese abuse: toxic Portuguese messages of the test split, repeated only if they are too few."""
    test = _test_split(trained)
    wave = (test["language"] == "pt") & test["toxicity"].eq(1)
    return _take(test.loc[wave, "text"], count)


def _test_split(trained: TrainingResult) -> pd.DataFrame:
    return pd.read_parquet(trained.dataset_dir / "test.parquet")


def _take(texts: pd.Series[str], count: int) -> list[str]:
    shuffled = texts.sample(frac=1, random_state=0).tolist()
    return list(itertools.islice(itertools.cycle(shuffled), count))
