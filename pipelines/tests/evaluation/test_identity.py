import numpy as np
import pytest
from synapse_pipelines.evaluation.bootstrap import draw
from synapse_pipelines.evaluation.identity import MIN_NEGATIVES, false_positive_gap, mentions, names_a_group


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("My WOMEN colleagues are late", "women"),
        ("os nordestinos chegaram cedo", "northeastern brazilian"),
        ("she is african-american", "black"),
        ("as pessoas brancas também", "white"),
        ("wheelchair users need a ramp", "disabled"),
        ("um refugiado da guerra", "immigrant"),
    ],
)
def test_a_group_is_known_by_its_words_in_either_language(text: str, group: str) -> None:
    found = mentions([text])
    assert found[group].tolist() == [True]
    assert names_a_group(text)


def test_a_word_inside_a_word_is_no_mention() -> None:
    texts = ["the amendment was germane", "transport is late"]
    assert not any(rows.any() for rows in mentions(texts).values())
    assert not any(map(names_a_group, texts))


def test_a_text_may_mention_several_groups_and_an_empty_list_none() -> None:
    found = mentions(["women and muslims met"])
    assert {name for name, rows in found.items() if rows.any()} == {"women", "muslim and arab"}
    assert all(len(rows) == 0 for rows in mentions([]).values())


def groups(**sizes: int) -> tuple[dict[str, np.ndarray], int]:
    n, start, found = sum(sizes.values()), 0, {}
    for name, size in sizes.items():
        rows = np.zeros(n, dtype=bool)
        rows[start : start + size] = True
        found[name], start = rows, start + size
    return found, n


def test_the_gap_is_between_the_most_and_the_least_flagged_group() -> None:
    mentioned, n = groups(a=100, b=100, c=100)
    flagged = np.zeros(n, dtype=bool)
    flagged[:10] = flagged[100:130] = flagged[200:205] = True
    found = false_positive_gap(mentioned, flagged, np.zeros(n, np.float32), draw(n, 0))
    assert {name: rate.value for name, rate in found.groups.items()} == pytest.approx({"a": 0.1, "b": 0.3, "c": 0.05})
    assert found.gap is not None
    assert found.gap.value == pytest.approx(0.25)
    assert found.gap.interval is not None
    assert found.gap.interval[0] > 0.1
    assert found.by_chance is not None
    assert found.by_chance < 0.15


def test_harmful_and_unknown_texts_do_not_count() -> None:
    mentioned, n = groups(a=100, b=100)
    truth = np.zeros(n, np.float32)
    truth[:20], truth[20:40] = 1, np.nan
    flagged = np.zeros(n, dtype=bool)
    flagged[:40] = True
    found = false_positive_gap(mentioned, flagged, truth, draw(n, 0))
    assert found.negatives == {"a": 60, "b": 100}
    assert found.gap is not None
    assert found.gap.value == 0


def test_small_groups_are_counted_but_not_compared() -> None:
    mentioned, n = groups(a=MIN_NEGATIVES, b=MIN_NEGATIVES - 1)
    found = false_positive_gap(mentioned, np.zeros(n, dtype=bool), np.zeros(n, np.float32), draw(n, 0))
    assert list(found.groups) == ["a"]
    assert found.negatives["b"] == MIN_NEGATIVES - 1
    assert found.gap is None
    assert found.by_chance is None
