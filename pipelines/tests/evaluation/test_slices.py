import numpy as np
import pandas as pd
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.evaluation.bootstrap import draw
from synapse_pipelines.evaluation.measured import Measured
from synapse_pipelines.evaluation.slices import MIN_TEXTS, SliceFigures, slice_figures


def slices(texts: list[str], sources: list[str], **columns: list[str | None]) -> dict[tuple[str, str], SliceFigures]:
    n = len(texts)
    rows = pd.DataFrame({"text": texts, "source": sources, **columns})
    labels = np.full((n, len(COLUMNS)), np.nan, np.float32)
    labels[:, 0] = np.arange(n) % 2
    hits = np.zeros((n, 8), dtype=bool)
    hits[:, 0] = labels[:, 0] == 1
    found = slice_figures(Measured(hits.astype(np.float32), hits, labels), rows, draw(n, 0, resamples=20))
    return {(one.kind, one.name): one for one in found}


def test_every_text_is_in_one_slice_of_a_kind() -> None:
    texts = ["short"] * 30 + ["m" * 60] * 30 + ["l" * 200] * 30 + ["x" * 300] * 30
    found = slices(texts, ["a"] * 40 + ["b"] * 40 + ["generated/bank/block-1", "generated/bank/block-2"] * 20)
    sizes = {kind: sum(one.n for (of, _), one in found.items() if of == kind) for kind in ("source", "length")}
    assert sizes == {"source": 120, "length": 120}
    assert found["source", "generated"].n == 40
    assert found["length", "up to 40"].verdict.n == 30
    assert found["length", "up to 40"].verdict.accuracy == 1.0


def test_a_length_on_the_border_belongs_to_the_shorter() -> None:
    found = slices(["a" * 40] * MIN_TEXTS + ["a" * 41] * MIN_TEXTS, ["a"] * 2 * MIN_TEXTS)
    assert found["length", "up to 40"].n == found["length", "41 to 100"].n == MIN_TEXTS


def test_hidden_words_make_a_slice() -> None:
    found = slices(["you 1d10t"] * 25 + ["you friend"] * 30, ["a"] * 55)
    assert found["spelling", "words hidden"].n == 25
    assert found["spelling", "plain"].n == 30


def test_a_slice_of_few_texts_is_left_out() -> None:
    found = slices(["hello"] * (MIN_TEXTS + MIN_TEXTS - 1), ["a"] * MIN_TEXTS + ["b"] * (MIN_TEXTS - 1))
    assert ("source", "a") in found
    assert ("source", "b") not in found


def test_the_quality_of_labels_is_a_slice_where_it_is_known() -> None:
    assert not any(kind == "labels" for kind, _ in slices(["hello"] * 40, ["a"] * 40))
    found = slices(["hello"] * 60, ["a"] * 60, label_quality=["gold"] * 25 + ["weak"] * 25 + [None] * 10)
    assert {name: one.n for (kind, name), one in found.items() if kind == "labels"} == {"gold": 25, "weak": 25}
