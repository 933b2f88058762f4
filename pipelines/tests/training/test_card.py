from synapse_common.bundle import Bundle
from synapse_common.taxonomy import CATEGORIES


def test_the_card_has_every_category_with_its_threshold(moderation_bundle: Bundle) -> None:
    card = moderation_bundle.file("CARD.md").read_text(encoding="utf-8")
    rule = moderation_bundle.decision_rule()
    for name in CATEGORIES:
        assert f"| {name} | {rule.thresholds[name]:.3f} |" in card
