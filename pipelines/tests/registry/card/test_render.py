import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from synapse_common.bundle import DOCUMENTS, Bundle, bundle_version
from synapse_common.taxonomy import CATEGORIES
from synapse_pipelines.evaluation.bootstrap import Estimate
from synapse_pipelines.evaluation.comparison import Comparison
from synapse_pipelines.registry.card.data import Attribution, CardData, GeneratedRows, SourceRows
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


def test_sources_show_licence_whom_to_name_and_what_was_changed(card: CardData) -> None:
    named = Attribution(name="(c) Somebody", link="https://example.org/tupy", changed="links masked")
    source = SourceRows(name="tupy", licence="MIT", attribution=named, rows={"train": 7, "valid": 1, "test": 2})
    copies = GeneratedRows(
        method="back_translation", licence="MIT", copied_from=["tupy"], rows={"train": 5, "valid": 0, "test": 0}
    )
    data = card.data.model_copy(update={"sources": [source], "generated": [copies]})
    text = markdown_card(card.model_copy(update={"data": data, "licence_texts": {"MIT": "https://example.org/mit"}}))
    assert "| [tupy](https://example.org/tupy) | MIT | 7 | 1 | 2 | (c) Somebody | links masked |" in text
    assert "All sources were changed" in text
    assert "| back translation | MIT | 5 | 0 | 0 | tupy |" in text
    assert "Texts of the licences: [MIT](https://example.org/mit)." in text


def test_data_without_sources_have_no_table_of_them(card: CardData) -> None:
    text = markdown_card(card.model_copy(update={"data": card.data.model_copy(update={"sources": []})}))
    assert "All sources were changed" not in text
    assert "| generated rows |" in text


def test_long_texts_are_said_to_be_read_to_their_end(card: CardData) -> None:
    text = markdown_card(card)
    assert f"A text of more than {card.model.max_tokens} tokens is read to its end, in overlapping windows" in text
    assert "tokens are read)" not in text


@pytest.mark.parametrize(
    ("profile", "says"),
    [("fast", "names of people, places and organisations stay in the training texts"), ("full", "by a tagger")],
)
def test_what_masking_leaves_is_said_of_the_profile_that_was_used(card: CardData, profile: str, says: str) -> None:
    told = card.model.model_copy(update={"recipe": card.model.recipe | {"pii_profile": profile}})
    text = markdown_card(card.model_copy(update={"model": told}))
    assert f"(profile `{profile}`)" in text
    assert says in text
    assert ("stay in the training texts" in text) == (profile == "fast")


def test_licence_languages_and_training_are_in_both_forms(card: CardData) -> None:
    changes = {"base_encoder": "e5", "base_licence": "MIT", "base_origin": "cut from another", "languages": ["pt"]}
    told = card.model.model_copy(update=changes | {"workers": 2, "precision": "bfloat16"})
    text = markdown_card(card.model_copy(update={"model": told}))
    assert "| languages | Portuguese (pt) |" in text
    assert "Scores Portuguese messages" in text
    assert "| base encoder | `e5`, MIT: cut from another |" in text
    assert "on cpu, 2 workers, matrix products in bfloat16;" in text
    assert "The model is under Apache-2.0" in text
    assert f"`{card.model.rebuild}`" in text
    assert card.licence == "Apache-2.0"
    assert card.licence_texts["Apache-2.0"] == "https://www.apache.org/licenses/LICENSE-2.0"
    assert (card.model.languages, card.model.workers) == (["en", "pt"], 1)
    assert card.model.precision in {"float32", "bfloat16"}  # what is fastest on the CPU at hand


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
