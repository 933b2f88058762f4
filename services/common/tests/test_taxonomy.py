from synapse_common.schemas import AnnotationRow
from synapse_common.taxonomy import CATEGORIES, COLUMNS


def test_columns_spell_the_categories_in_the_same_order() -> None:
    assert COLUMNS == (
        "toxicity",
        "hate",
        "hate_threatening",
        "harassment",
        "sexual",
        "self_harm",
        "violence",
        "illicit",
    )
    assert len(CATEGORIES) == len(COLUMNS)


def test_annotations_have_a_label_column_for_every_category() -> None:
    assert tuple(name for name in AnnotationRow.model_fields if name in COLUMNS) == COLUMNS
