import pandas as pd
from synapse_pipelines.data.cleaning import clean, clean_text, duplicate_key


def test_personal_data_does_not_reach_the_model() -> None:
    cleaned = clean_text("write to ana.silva@example.org or https://example.org/me")
    assert "ana.silva" not in cleaned
    assert "example.org" not in cleaned
    assert cleaned == "write to (EMAIL) or (URL)"


def test_duplicates_differ_in_case_and_punctuation_alone() -> None:
    assert duplicate_key("Hello, World!") == duplicate_key("hello world")
    assert duplicate_key("hello word") != duplicate_key("hello world")
    assert duplicate_key("?!") == "?!"


def test_noise_and_duplicates_go_and_are_counted() -> None:
    rows = pd.DataFrame(
        {
            "text": ["Hello you", "hello, you!", "\u200b", "https://example.org", "123 !!", "other"],
            "label_quality": ["weak", "gold", "gold", "gold", "gold", "weak"],
        }
    )
    kept, dropped = clean(rows)
    assert kept["text"].tolist() == ["hello, you!", "other"]  # gold wins over weak
    assert dropped == {"duplicate text": 1, "empty after cleaning": 1, "no words": 2}
