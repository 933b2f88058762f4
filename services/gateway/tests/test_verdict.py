from gateway_fakes.exchanges import verdict
from synapse_gateway.verdict import worst_of


def test_hits_are_the_flagged_categories() -> None:
    assert [score.category for score in verdict("hate", "sexual").hits] == ["hate", "sexual"]
    assert verdict().hits == ()


def test_the_worst_of_parts_keeps_the_highest_score_of_each_category() -> None:
    worst = worst_of([verdict("hate"), verdict("sexual", version="v2"), verdict(version="v2")])
    assert worst.flagged
    assert [score.category for score in worst.hits] == ["hate", "sexual"]
    assert worst.model_version == "v2"
    assert not worst_of([verdict(), verdict()]).flagged
