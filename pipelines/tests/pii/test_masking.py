from pathlib import Path

import pytest
from synapse_pipelines.errors import DataError
from synapse_pipelines.pii import masking
from synapse_pipelines.pii.masking import mask_texts


def test_every_text_is_masked_on_its_own_and_the_order_stays() -> None:
    assert mask_texts(["mail a@x.pt, b@x.pt", "olá", "b@x.pt"], "fast") == [
        "mail <EMAIL_1>, <EMAIL_2>",
        "olá",
        "<EMAIL_1>",
    ]


def test_the_full_profile_finds_names_besides(tagger_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "TAGGERS", (tagger_folder,))
    masked = mask_texts(["my name is maria and my mail is a@x.pt", "", "o meu CPF é 529.982.247-25"], "full")
    assert "<EMAIL_1>" in masked[0]
    assert "a@x.pt" not in masked[0]
    assert masked[1] == ""
    assert "529" not in masked[2]


def test_without_a_tagger_the_full_profile_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "TAGGERS", (tmp_path,))
    with pytest.raises(DataError, match="no tagger of names"):
        mask_texts(["olá"], "full")


def test_a_setting_names_the_tagger(tagger_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "TAGGERS", (tagger_folder,))
    monkeypatch.setenv("SYNAPSE_TRAINING_PII_TAGGER", str(tmp_path))
    with pytest.raises(DataError, match=f"no tagger of names in {tmp_path}"):
        mask_texts(["olá"], "full")
    monkeypatch.setattr(masking, "TAGGERS", ())
    monkeypatch.setenv("SYNAPSE_TRAINING_PII_TAGGER", str(tagger_folder))
    assert "<EMAIL_1>" in mask_texts(["my mail is a@x.pt"], "full")[0]
