import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from synapse_common.bundle import DOCUMENTS, Bundle, bundle_version
from synapse_common.taxonomy import CATEGORIES
from synapse_pipelines.evaluation.bootstrap import Estimate
from synapse_pipelines.evaluation.comparison import Comparison
from synapse_pipelines.registry.card.data import CardData, SourceRows
from synapse_pipelines.registry.card.render import markdown_card, write_card


@pytest.fixture(scope="module")
def card(moderation_bundle: Bundle) -> CardData:
    return CardData.model_validate_json(moderation_bundle.file("card.json").read_bytes())


def test_the_bundle_has_the_card_in_both_forms_and_its_version_does_not_depend_on_it(
    moderation_bundle: Bundle, card: CardData, tmp_path: Path
) -> None:
    assert moderation_bundle.file("CARD.md").read_text(encoding="utf-8") == markdown_card(card)
    assert set(DOCUMENTS) <= set(moderation_bundle.manifest.files)
    assert card.version == moderation_bundle.manifest.version == bundle_version(moderation_bundle.path)
    assert card.created == moderation_bundle.manifest.created


def test_the_card_has_every_category_with_its_threshold(moderation_bundle: Bundle, card: CardData) -> None:
    text = markdown_card(card)
    rule = moderation_bundle.decision_rule()
    for one in card.categories:
        assert one.threshold == rule.thresholds[one.name]
        assert f"| {one.name} | {one.definition} | {rule.thresholds[one.name]:.3f} |" in text
    assert [one.name for one in card.categories] == list(CATEGORIES)


def test_thin_categories_are_said_plainly(card: CardData) -> None:
    plenty = [one.model_copy(update={"thin": []}) for one in card.categories]
    thin = plenty[5].model_copy(update={"thin": ["pt"], "test_positives": {"pt": 3}, "train_positives": 0})
    text = markdown_card(card.model_copy(update={"categories": [*plenty[:5], thin, *plenty[6:]]}))
    limits = text.split("## Limits")[1].split("## History")[0]
    assert "- self-harm: 3 test positives in pt." in limits
    assert "train has no positive at all" in limits
    assert "- hate" not in limits


def test_sources_show_licence_and_whom_to_name(card: CardData) -> None:
    source = SourceRows(
        name="tupy", licence="MIT", attribution="(c) Somebody", rows={"train": 7, "valid": 1, "test": 2}
    )
    text = markdown_card(card.model_copy(update={"data": card.data.model_copy(update={"sources": [source]})}))
    assert "| tupy | MIT | 7 | 1 | 2 | (c) Somebody |" in text


def test_a_student_names_its_teacher_and_what_it_cost(card: CardData) -> None:
    gain = {"all": Estimate(value=-0.004, interval=(-0.01, 0.002))}
    teacher = Comparison(name="teacher", macro_auprc={"all": 0.9}, gain=gain)
    small = card.optimisation.model_copy(update={"teacher": teacher})
    text = markdown_card(card.model_copy(update={"optimisation": small}))
    assert "Distilled from `teacher`, macro AUPRC 0.900" in text
    assert "-0.004 (-0.010 to 0.002)" in text


def test_earlier_versions_are_listed_and_plotted(card: CardData, tmp_path: Path) -> None:
    before = card.history[0].model_copy(update={"bundle_version": "0ld", "f1": None})
    write_card(card.model_copy(update={"history": [before, *card.history]}), tmp_path)
    text = (tmp_path / "CARD.md").read_text(encoding="utf-8")
    assert text.index("| `0ld` |") < text.index(f"| `{card.version}` |")
    plot = ElementTree.fromstring((tmp_path / "card-history.svg").read_text(encoding="utf-8"))  # noqa: S314 - our own
    assert {"0ld", card.version[:7]} <= {text.strip() for text in plot.itertext()}
    assert len(json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))["history"]) == 2
