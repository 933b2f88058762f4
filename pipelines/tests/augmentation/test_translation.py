"""Back translation by Marian models, tried with tiny ones of random weights: nonsense, but by the real code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import sentencepiece
import torch
from synapse_pipelines.augmentation.groups import Language
from synapse_pipelines.augmentation.translation import BackTranslator, ModelTranslator
from synapse_pipelines.errors import AugmentationError
from transformers import MarianConfig, MarianMTModel, MarianTokenizer

SENTENCES = ["the train was late again", "o comboio chegou tarde outra vez", "we stay at home today", "ficamos em casa"]


def tiny_model(folder: Path, *codes: str) -> str:
    """Write a Marian model of random weights; `codes` are the languages that it says it translates to."""
    folder.mkdir()
    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(SENTENCES * 20), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / "source"), vocab_size=60, hard_vocab_limit=False, minloglevel=2
    )
    (folder / "source.model").rename(folder / "source.spm")
    (folder / "target.spm").write_bytes((folder / "source.spm").read_bytes())
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    names = ["</s>", "<unk>", *(pieces.id_to_piece(n) for n in range(3, pieces.get_piece_size())), *codes, "<pad>"]
    vocabulary = {name: number for number, name in enumerate(names)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    tokenizer = MarianTokenizer(
        source_spm=str(folder / "source.spm"), target_spm=str(folder / "target.spm"), vocab=str(folder / "vocab.json"),
        source_lang="en", target_lang="pt",
    )  # fmt: skip
    tokenizer.save_pretrained(folder)
    torch.manual_seed(3)
    config = MarianConfig(
        vocab_size=len(names), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=512,
        pad_token_id=len(names) - 1, eos_token_id=0, decoder_start_token_id=len(names) - 1, forced_eos_token_id=0,
        max_length=16,
    )  # fmt: skip
    MarianMTModel(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> ModelTranslator:
    work = tmp_path_factory.mktemp("marian")
    return ModelTranslator(tiny_model(work / "pt", ">>pt_br<<", ">>es<<"), tiny_model(work / "en"))


def test_texts_are_translated_in_their_order_whatever_their_length(translator: ModelTranslator) -> None:
    texts = ["we stay", *SENTENCES, "home"]
    together = translator.translate(texts, "pt")
    assert len(together) == len(texts)
    assert any(together)
    assert together == [translator.translate([text], "pt")[0] for text in texts]


def test_there_and_back_is_a_paraphraser(translator: ModelTranslator) -> None:
    there = translator.translate(SENTENCES, "pt")
    back = translator.translate([text or "" for text in there], "en")
    found = BackTranslator(translator).paraphrase(SENTENCES, "en")
    assert found == [again if text else None for text, again in zip(there, back, strict=True)]


def test_a_model_of_several_languages_is_told_which(
    translator: ModelTranslator, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer, _ = translator._load(translator._names["pt"])
    sent: list[str] = []
    plain = type(tokenizer).__call__

    def spy(self: object, text: Sequence[str], **options: object) -> object:
        sent.extend(text)
        return plain(self, text, **options)

    monkeypatch.setattr(type(tokenizer), "__call__", spy)
    translator.translate(["we stay"], "pt")
    translator.translate(["ficamos"], "en")
    assert set(sent) == {">>pt_br<< we stay", "ficamos"}


def test_what_has_no_translation_stays_without() -> None:
    class Mute:
        def translate(self, texts: Sequence[str], target: Language) -> list[str | None]:
            return [text if text != "b" else None for text in texts]

    assert BackTranslator(Mute()).paraphrase(["a", "b", "c"], "en") == ["a", None, "c"]


def test_a_model_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(AugmentationError, match="cannot load the translation model"):
        ModelTranslator(str(tmp_path), str(tmp_path)).translate(["x"], "pt")
