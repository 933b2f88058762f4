import daft
import pytest
from synapse_pipelines.data.cleaning import clean, duplicate_key, noise_reason
from synapse_pipelines.data.recipe import CleaningRecipe
from synapse_pipelines.data.split import split_of

RECIPE = CleaningRecipe(max_characters=100)


def test_cleaning_masks_normalises_and_describes_a_text_as_it_came_in() -> None:
    raw = "Escreve-me \u200b para ana.silva@example.org ou https://example.org/me, obrigada"
    rows = daft.from_pydict({"id": ["a"], "source": ["people"], "text": [raw], "other": [7]})
    (row,) = clean(rows, RECIPE, "fast").to_pylist()
    assert row == {
        "id": "a",
        "source": "people",
        "other": 7,
        "text": "Escreve-me para (EMAIL) ou (URL), obrigada",
        "key": "escreve me para email ou url obrigada",
        "noise": None,
        "split": split_of("a", "people"),
        "raw_length": len(raw),
        "raw_language": "pt",
    }


def test_duplicates_differ_in_case_and_punctuation_alone() -> None:
    assert duplicate_key("Hello, World!") == duplicate_key("hello world")
    assert duplicate_key("hello word") != duplicate_key("hello world")
    assert duplicate_key("?!") == "?!"


@pytest.mark.parametrize(
    ("raw", "text", "reason"),
    [
        ("\u200b", "", "empty after cleaning"),
        ("https://example.org", "(URL)", "no words"),
        ("@user", "user", "no words"),
        ("123 !!", "123 !!", "no words"),
        ("k", "k", "too short"),
        ("aaaAAA!", "aaaAAA!", "one letter repeated"),
        ("long " * 30, "long " * 30, "too long"),
        ("nÃ£o sei", "nÃ£o sei", "broken encoding"),
        ("donâ€™t", "donâ€™t", "broken encoding"),
        ("n\ufffdo", "n\ufffdo", "broken encoding"),
        ("não sei, NÃO", "não sei, NÃO", None),
        ("Â", "Â", "too short"),
        ("ok", "ok", None),
        ("lol 😀", "lol grinning face", None),
    ],
)
def test_noise_has_a_reason(raw: str, text: str, reason: str | None) -> None:
    assert noise_reason(raw, text, RECIPE) == reason


def test_one_quoted_broken_sign_in_a_long_text_is_no_broken_encoding() -> None:
    text = "some programs write Ã£ where an a with a tilde was meant, it seems"
    assert noise_reason(text, text, RECIPE) is None
