"""Fewer pieces, the same texts."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.vocabulary import prune_vocabulary
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

TEXTS = ["the cat sat on the mat", "the dog sat on the cat", "bom dia a todos", "boa noite a todos"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def unigram() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    words = [f"{word}{n}" for word in ("zebra", "quilt", "vex") for n in "abcdefgh"]
    tokenizer.train_from_iterator(
        [*TEXTS * 20, *words], trainers.UnigramTrainer(vocab_size=150, special_tokens=SPECIAL, unk_token="<unk>")
    )
    names = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token", "mask_token"), SPECIAL, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def model_of(size: int) -> classifier.ModerationClassifier:
    config = BertConfig(
        vocab_size=size,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        pad_token_id=1,
    )
    return classifier.ModerationClassifier(BertModel(config, add_pooling_layer=False), 16).eval()


def logits(model: classifier.ModerationClassifier, tokenizer: PreTrainedTokenizerFast, text: str) -> torch.Tensor:
    ids = torch.tensor([tokenizer(text)["input_ids"]])
    with torch.inference_mode():
        return model(ids, torch.ones_like(ids))


def test_kept_pieces_keep_their_meaning_and_texts_stay_readable() -> None:
    tokenizer = unigram()
    model = model_of(len(tokenizer))
    before = {text: logits(model, tokenizer, text) for text in TEXTS}
    small = prune_vocabulary(model, tokenizer, TEXTS, 60)
    assert len(small) < len(tokenizer)
    assert model.encoder.config.vocab_size == len(small)
    for text in TEXTS:
        assert torch.allclose(logits(model, small, text), before[text], atol=1e-6)
        assert "".join(small.convert_ids_to_tokens(small(text)["input_ids"])).replace("▁", " ").strip() == text
    rare = small("zebra quilt")["input_ids"]
    assert small.unk_token_id not in rare
    assert len(rare) > len(tokenizer("zebra quilt")["input_ids"])


def test_special_tokens_are_renumbered() -> None:
    tokenizer = unigram()
    small = prune_vocabulary(model_of(len(tokenizer)), tokenizer, TEXTS, 60)
    for token in SPECIAL:
        assert small.convert_ids_to_tokens(small.convert_tokens_to_ids(token)) == token
    assert small.pad_token_id == 1


def test_pieces_that_no_text_uses_go_even_where_there_is_room() -> None:
    tokenizer = unigram()
    small = prune_vocabulary(model_of(len(tokenizer)), tokenizer, TEXTS, 10_000)
    assert set(small.get_vocab()) < set(tokenizer.get_vocab())


def test_a_vocabulary_without_room_for_the_alphabet_is_refused() -> None:
    tokenizer = unigram()
    with pytest.raises(TrainingError, match="too small"):
        prune_vocabulary(model_of(len(tokenizer)), tokenizer, TEXTS, 10)


def test_the_packaged_word_pieces_can_be_pruned(small_encoder: Path) -> None:
    tokenizer = classifier.load_tokenizer(str(small_encoder))
    model = classifier.from_encoder(str(small_encoder), layers=1, frozen_layers=0, dropout=0.0).eval()
    before = {text: logits(model, tokenizer, text) for text in TEXTS}
    small = prune_vocabulary(model, tokenizer, TEXTS, 2_000)
    for text in TEXTS:
        assert torch.allclose(logits(model, small, text), before[text], atol=1e-5)


def test_other_tokenizers_are_refused() -> None:
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "<pad>": 1}, unk_token="<unk>"))
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>")
    with pytest.raises(TrainingError, match="WordLevel"):
        prune_vocabulary(model_of(2), wrapped, TEXTS, 400)
