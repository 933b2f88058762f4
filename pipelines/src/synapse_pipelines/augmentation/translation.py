"""Back translation (Sennrich et al., 2016): a text goes to the other language and back, and comes out reworded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, Protocol

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from synapse_pipelines.augmentation.chat import LANGUAGE_NAMES, ChatClient, prompt
from synapse_pipelines.augmentation.groups import Language
from synapse_pipelines.errors import AugmentationError
from synapse_pipelines.training.batches import batch_indices
from synapse_pipelines.training.model import device

_TOKENS_PER_BATCH: Final = 1_024
_MAX_TOKENS: Final = 256
_BEAMS: Final = 4
# How models for several languages name the one to translate to, in order of preference.
_TARGET_CODES: Final = {"en": (">>en<<", ">>eng<<"), "pt": (">>pt_br<<", ">>pt_BR<<", ">>pt<<", ">>por<<", ">>pob<<")}


class Translator(Protocol):
    """Translates from one of the product's two languages to the other."""

    def translate(self, texts: Sequence[str], target: Language) -> list[str | None]:
        """Return each text in `target`; None where there is no translation."""


class BackTranslator:
    """A `Paraphraser` by way of the other language."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    def paraphrase(self, texts: Sequence[str], language: Language) -> list[str | None]:
        """Return each text translated there and back; None where either way gave nothing."""
        there = self._translator.translate(texts, _other(language))
        kept = [number for number, text in enumerate(there) if text]
        back = self._translator.translate([there[number] or "" for number in kept], language)
        found = dict(zip(kept, back, strict=True))
        return [found.get(number) for number in range(len(texts))]


class ModelTranslator:
    """Translation by Hugging Face models of the Marian family, such as those of OPUS-MT; one for each direction."""

    def __init__(self, to_portuguese: str, to_english: str) -> None:
        """Take folders or Hugging Face ids; a model is loaded when it is first needed."""
        self._names: dict[Language, str] = {"pt": to_portuguese, "en": to_english}
        self._loaded: dict[str, tuple[Any, Any]] = {}

    def translate(self, texts: Sequence[str], target: Language) -> list[str | None]:
        """Return each text in `target` by beam search.

        Raises:
            AugmentationError: there is no such model.
        """
        tokenizer, model = self._load(self._names[target])
        codes = set(getattr(tokenizer, "supported_language_codes", ()))
        code = next((code for code in _TARGET_CODES[target] if code in codes), None)
        sent = [f"{code} {text}" if code else text for text in texts]
        lengths = [len(ids) for ids in tokenizer(sent, truncation=True, max_length=_MAX_TOKENS)["input_ids"]]
        found: list[str | None] = [None] * len(texts)
        for rows in batch_indices(lengths, _TOKENS_PER_BATCH, rng=None):
            batch = tokenizer(
                [sent[row] for row in rows], truncation=True, max_length=_MAX_TOKENS, padding=True, return_tensors="pt"
            ).to(model.device)
            with torch.inference_mode():
                made = model.generate(**batch, num_beams=_BEAMS, max_new_tokens=_MAX_TOKENS)
            for row, text in zip(rows, tokenizer.batch_decode(made, skip_special_tokens=True), strict=True):
                found[row] = text.strip() or None
        return found

    def _load(self, name: str) -> tuple[Any, Any]:
        if name not in self._loaded:
            try:
                model = AutoModelForSeq2SeqLM.from_pretrained(name).to(device()).eval()
                self._loaded[name] = AutoTokenizer.from_pretrained(name), model
            except (OSError, ValueError) as error:
                raise AugmentationError(f"cannot load the translation model {name}: {error}") from error
        return self._loaded[name]


class ChatTranslator:
    """Translation by a chat model."""

    def __init__(self, client: ChatClient, seed: int) -> None:
        self._client = client
        self._seed = seed

    def translate(self, texts: Sequence[str], target: Language) -> list[str | None]:
        """Return the model's translation of each text; None where its answer is not as asked for."""
        names = {"source": LANGUAGE_NAMES[_other(target)], "target": LANGUAGE_NAMES[target]}
        prompts = [prompt("translate", **names, text=json.dumps(text, ensure_ascii=False)) for text in texts]
        return [answer[0] if answer else None for answer in self._client.ask(prompts, self._seed)]


def _other(language: Language) -> Language:
    return "pt" if language == "en" else "en"
