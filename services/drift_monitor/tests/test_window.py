import numpy as np
import pandas as pd
import pytest
from synapse_common.taxonomy import COLUMNS
from synapse_drift_monitor.events import Observation
from synapse_drift_monitor.window import Window


def observation(length: int) -> Observation:
    return Observation(tuple(i / 10 for i in range(len(COLUMNS))), length, "en", length % 2 == 0)


def test_the_oldest_give_way_when_it_is_full() -> None:
    window = Window(size=3, max_age_s=60)
    for length in range(5):
        window.add(observation(length), now=0)
    assert len(window) == 3
    assert window.frame()["text_length"].tolist() == [2, 3, 4]


def test_the_old_leave() -> None:
    window = Window(size=10, max_age_s=60)
    window.add(observation(1), now=0)
    window.add(observation(2), now=50)
    revision = window.revision
    window.expire(now=60)
    assert (len(window), window.revision) == (2, revision)
    window.expire(now=61)
    assert window.frame()["text_length"].tolist() == [2]
    assert window.revision != revision


@pytest.mark.parametrize("rows", [0, 4])
def test_the_table_has_the_references_columns_and_types(rows: int, population) -> None:  # type: ignore[no-untyped-def]
    window = Window(size=10, max_age_s=60)
    for length in range(rows):
        window.add(observation(length), now=0)
    expected: pd.DataFrame = population().draw(3, np.random.default_rng(0))
    frame = window.frame()
    assert len(frame) == rows
    assert list(frame.columns) == list(expected.columns)
    kinds = {name: frame[name].dtype.kind for name in frame if name != "language"}
    assert kinds == {name: expected[name].dtype.kind for name in kinds}
