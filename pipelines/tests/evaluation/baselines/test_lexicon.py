from pathlib import Path

import pytest
from synapse_pipelines.evaluation.baselines.lexicon import lexicon_scores, lexicon_terms


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("A nice day", 0.0),
        ("you Muppet!", 0.5),
        ("muppet, absolute muppet", 0.75),
        ("muppets are puppets", 0.0),
        ("what a silly sausage.", 0.5),
        ("silly", 0.0),
        ("", 0.0),
    ],
)
def test_listed_terms_are_counted_as_whole_words(text: str, score: float) -> None:
    assert lexicon_scores(["muppet", "Silly Sausage"], [text]).tolist() == [score]


def test_the_lists_of_the_data_folder_come_before_our_own(tmp_path: Path) -> None:
    own = lexicon_terms(None)
    assert len(own) > 100
    assert not any(term.startswith("#") for term in own)
    assert lexicon_terms(tmp_path) == own
    (tmp_path / "lexicon_en.txt").write_text("muppet\n\n", encoding="utf-8")
    (tmp_path / "lexicon_pt.txt").write_text("tolinho\n", encoding="utf-8")
    assert lexicon_terms(tmp_path) == ["muppet", "tolinho"]


def test_a_language_without_a_list_has_ours(tmp_path: Path) -> None:
    (tmp_path / "lexicon_en.txt").write_text("muppet\n", encoding="utf-8")
    terms = lexicon_terms(tmp_path)
    assert terms[0] == "muppet"
    assert set(terms[1:]) < set(lexicon_terms(None))
    assert len(terms) > 30


def test_no_terms_find_nothing() -> None:
    assert lexicon_scores([], ["muppet"]).tolist() == [0.0]
