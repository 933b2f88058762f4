from itertools import combinations
from pathlib import Path
from typing import Any

import daft
import numpy as np
import pyarrow as pa
import pytest
from daft import col
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.data.near_duplicates import Dropped, bands_for, find_near_duplicates, trigrams
from synapse_pipelines.data.stage import Stage, open_stage

THRESHOLD = 0.8
Row = dict[str, Any]


def row(number: int, key: str, split: str = "train", source: str = "people", order: int = 2, **labels: bool) -> Row:
    known = dict.fromkeys(COLUMNS) | labels
    return {"row": number, "key": key, "split": split, "source": source, "order": order, **known}


def find(stage: Stage, rows: list[Row]) -> Dropped:
    schema = {"row": pa.uint64(), "key": pa.string(), "split": pa.string(), "source": pa.string(), "order": pa.int32()}
    table = pa.Table.from_pylist(rows, schema=pa.schema(schema | dict.fromkeys(COLUMNS, pa.bool_())))
    staged = stage.write(daft.from_arrow(table), "unique", col("row"), 3)
    return find_near_duplicates(staged, len(rows), THRESHOLD, stage)


@pytest.fixture
def stage(tmp_path: Path) -> Any:
    with open_stage(str(tmp_path)) as place:
        yield place


LONG = "this is quite a long message that somebody wrote about the weather of last week"
ALIKE = LONG + "s"


def similarity(one: str, other: str) -> float:
    return len(trigrams(one) & trigrams(other)) / len(trigrams(one) | trigrams(other))


@st.composite
def messages(draw: st.DrawFn) -> list[Row]:
    """Some texts of their own, and copies of them with one character changed, over the three splits."""
    texts = draw(st.lists(st.text("abcdefgh ", min_size=1, max_size=60), min_size=1, max_size=4))
    for text in list(texts):
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(text) - 1))
            texts.append(text[:at] + draw(st.sampled_from("abcdefgh ")) + text[at + 1 :])
    order = {"test": 0, "valid": 1, "train": 2}
    rows = []
    for number, key in enumerate(sorted(set(texts))):
        split = draw(st.sampled_from(sorted(order)))
        hate = draw(st.sampled_from([{}, {"hate": True}, {"hate": False}]))
        rows.append(row(number, key, split, order=2 * order[split], **hate))
    return rows


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,  # MinHash misses a pair at the very threshold once in 10,000
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(messages())
def test_no_near_duplicate_of_a_row_that_stays_is_in_another_split(stage: Stage, rows: list[Row]) -> None:
    dropped = find(stage, rows)
    left = [item for item in rows if item["row"] not in dropped]
    for one, other in combinations(left, 2):
        assert one["split"] == other["split"] or similarity(one["key"], other["key"]) < THRESHOLD
    # Nothing goes without a reason: every dropped row is like one that is better or equal in order.
    for item in rows:
        if item["row"] in dropped:
            better = [other for other in rows if other is not item and other["order"] <= item["order"]]
            assert any(similarity(item["key"], other["key"]) >= THRESHOLD for other in better)


@pytest.mark.parametrize(
    ("splits", "goes", "crossing"),
    [(("train", "test"), 1, True), (("test", "valid"), 2, True), (("valid", "valid"), 2, False)],
)
def test_the_copy_in_train_goes_before_that_in_valid_before_that_in_test(
    stage: Stage, splits: tuple[str, str], goes: int, *, crossing: bool
) -> None:
    order = {"test": 0, "valid": 2, "train": 4}
    dropped = find(stage, [row(n, key, s, order=order[s]) for n, key, s in zip((1, 2), (LONG, ALIKE), splits)])  # noqa: B905
    assert (dropped.crossing if crossing else dropped.within) == {goes}
    assert goes in dropped
    assert dropped.rows.to_pydict() == {"row": [goes]}


def test_unlike_texts_stay(stage: Stage) -> None:
    assert not find(stage, [row(1, LONG), row(2, "nothing to do with it", "test")]).rows.count_rows()


def test_contradicting_labels_keep_both_rows_of_a_split_but_not_across_splits(stage: Stage) -> None:
    assert not find(stage, [row(1, LONG, hate=True), row(2, ALIKE, hate=False)]).within
    assert find(stage, [row(3, LONG, hate=True), row(4, ALIKE, "test", order=0, hate=False)]).crossing == {3}


def test_generated_variants_of_a_split_stay_together(stage: Stage) -> None:
    made = [row(n, text, source="generated/bank/block-1") for n, text in enumerate((LONG, ALIKE))]
    assert not find(stage, made).within
    assert find(stage, [made[0], row(5, ALIKE)]).within == {5}


def test_bands_miss_a_pair_at_the_threshold_once_in_ten_thousand() -> None:
    for threshold in map(float, np.linspace(0.5, 1, 11)):
        bands, length = bands_for(threshold, 1000)
        assert bands * length <= 128
        assert (1 - threshold**length) ** bands <= 1e-4
        many, longer = bands_for(threshold, 10_000_000)
        assert (1 - threshold**longer) ** many <= 1e-4


def test_short_texts_are_their_own_trigram() -> None:
    assert trigrams("ab") == {"ab"}
    assert trigrams("abcd") == {"abc", "bcd"}


def test_in_large_tables_fewer_unlike_texts_are_compared() -> None:
    (bands, length), (many, longer) = (bands_for(0.8, count) for count in (1_000, 10_000_000))
    unlike = 0.3
    assert many * unlike**longer < bands * unlike**length / 10
