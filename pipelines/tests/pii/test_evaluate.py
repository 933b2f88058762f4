from collections.abc import Sequence

import pytest
from synapse_pipelines.pii.evaluate import evaluate, masked_share, score
from synapse_pipelines.pii.phrases import Sentence, Span

SENTENCES = [
    Sentence("Ana Silva in Porto", "en", ((0, 9, "PERSON"), (13, 18, "LOCATION")), "{person} in {place}"),
    Sentence("nothing here", "en", (), "nothing here"),
]


def finder(*spans: list[Span]) -> object:
    def find(_texts: Sequence[str]) -> list[list[Span]]:
        return list(spans)

    return find


def figures(*spans: list[Span]) -> dict[str, tuple[float | None, float | None]]:
    found = evaluate(SENTENCES, finder(*spans))
    every = {"overall": found.overall, "any": found.any_type, "exact": found.exact, **found.by_type}
    return {name: (one.precision, one.recall) for name, one in every.items()}


def test_all_that_is_right() -> None:
    every = figures([(0, 9, "PERSON"), (13, 18, "LOCATION")], [])
    assert set(every.values()) == {(1.0, 1.0)}


def test_half_of_a_name_counts_and_less_does_not_but_neither_is_exact() -> None:
    every = figures([(0, 5, "PERSON"), (13, 15, "LOCATION")], [])
    assert every["overall"] == (1.0, 0.5)
    assert every["exact"] == (0.0, 0.0)


def test_a_wrong_type_masks_all_the_same() -> None:
    every = figures([(0, 9, "ORG"), (13, 18, "LOCATION")], [])
    assert every["overall"] == (0.5, 0.5)
    assert every["any"] == (1.0, 1.0)
    assert every["ORG"] == (0.0, None)


def test_what_is_found_in_plain_text_is_wrong() -> None:
    every = figures([(0, 9, "PERSON"), (13, 18, "LOCATION")], [(0, 7, "PERSON")])
    assert every["PERSON"] == (0.5, 1.0)
    assert every["overall"] == (2 / 3, 1.0)


def test_two_halves_make_a_whole() -> None:
    assert figures([(0, 3, "PERSON"), (4, 9, "PERSON")], [])["PERSON"] == (1.0, 1.0)


def test_a_postcode_inside_an_address_is_part_of_it() -> None:
    sentence = Sentence("1 Elm St, Leeds LS1 4AP", "en", ((0, 23, "ADDRESS"),), "{address}")
    found = evaluate([sentence], finder([(0, 9, "ADDRESS"), (16, 23, "POSTCODE")]))
    assert (found.overall.precision, found.overall.recall) == (1.0, 1.0)
    alone = Sentence("LS1 4AP", "en", ((0, 7, "PERSON"),), "{person}")
    assert evaluate([alone], finder([(0, 7, "POSTCODE")])).overall.precision == 0.0


def test_the_score_is_f1_of_the_types_asked_for() -> None:
    half = [[(0, 9, "PERSON")], []]
    assert score(SENTENCES, half, ["PERSON", "LOCATION"]) == pytest.approx(2 / 3)
    assert score(SENTENCES, half, ["PERSON"]) == 1.0
    assert score(SENTENCES, [[], []], ["PERSON"]) == 0.0


def test_sentences_and_templates_are_counted() -> None:
    found = evaluate([*SENTENCES, SENTENCES[0]], finder([], [], []))
    assert (found.sentences, found.templates) == (3, 2)


def test_the_share_of_masked_messages() -> None:
    share = masked_share(["a", "b", "c", "d"], finder([(0, 1, "ORG")], [(0, 1, "ORG"), (0, 1, "PERSON")], [], []))
    assert share == {"ORG": 0.5, "PERSON": 0.25, "any": 0.5}
