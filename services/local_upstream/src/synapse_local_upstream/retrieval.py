"""Answers by retrieval: the corpus question nearest to the user's, in the user's language.

Similarity is the cosine after subtracting the mean of the language's questions. E5's vectors all point roughly one way
(any two texts have a cosine over 0.75), and removing the common part spreads them; source: Mu and Viswanath, "All-but-
the-Top: Simple and Effective Postprocessing for Word Representations", ICLR 2018 (their first step, the mean).
With it, a limit of 0.45 keeps 38 of 40 paraphrases and turns away 38 of 40 questions the corpus knows nothing about
(the lists are in the tests); plain cosines of the two overlap. See docs/decisions/0031-local-upstream.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from synapse_common.language import detect_language

from synapse_local_upstream.corpus import LANGUAGES, Corpus, Entry, Language
from synapse_local_upstream.encoder import Encoder, Vectors

_READ_CHARS = 500  # of a message: more takes time and blurs what is asked
# Short questions with foreign words ("o que é um embedding") are often taken for the other language, so the detected
# one gets a head start and no more.
_OWN_LANGUAGE_BONUS = 0.1

_UNKNOWN: dict[Language, str] = {
    "en": (
        "I only know a few things: I answer from a small built-in corpus, and your question is not in it. "
        "Ask me what Synapse does, for example."
    ),
    "pt": (
        "Só sei umas poucas coisas: respondo a partir de um pequeno corpus incluído, e a tua pergunta não está lá. "
        "Pergunta-me, por exemplo, o que faz o Synapse."
    ),
}


@dataclass(frozen=True)
class Answer:
    """What to say; `entry_id` is None when the corpus has no answer."""

    text: str
    language: Language
    entry_id: str | None
    similarity: float


@dataclass(frozen=True)
class _Index:
    """The questions of one language: centred unit vectors [n, 384], the mean taken off, and each one's entry."""

    vectors: Vectors
    mean: Vectors
    entries: Sequence[Entry]

    def nearest(self, vector: Vectors) -> tuple[float, Entry]:
        similarities = self.vectors @ _unit(vector - self.mean)
        best = int(similarities.argmax())
        return float(similarities[best]), self.entries[best]


class Retriever:
    """Finds answers in a corpus; make one with `build`."""

    def __init__(self, encoder: Encoder, indexes: dict[Language, _Index], min_similarity: float) -> None:
        self._encoder = encoder
        self._indexes = indexes
        self._min_similarity = min_similarity

    @classmethod
    async def build(cls, encoder: Encoder, corpus: Corpus, min_similarity: float) -> Retriever:
        """Embed the questions of `corpus` (about 330 of them, 15 ms each)."""
        indexes = {language: await _build_index(encoder, corpus, language) for language in LANGUAGES}
        return cls(encoder, indexes, min_similarity)

    async def answer(self, message: str) -> Answer:
        """Answer `message` in its language; where that cannot be told, in that of the nearest question."""
        detected = detect_language(message)
        (vector,) = await self._encoder.embed([_as_question(message)])
        hits = {language: self._indexes[language].nearest(vector) for language in LANGUAGES}
        language = max(LANGUAGES, key=lambda code: hits[code][0] + (_OWN_LANGUAGE_BONUS if code == detected else 0.0))
        similarity, entry = hits[language]
        if similarity >= self._min_similarity:
            return Answer(entry.dialogue(language).answer, language, entry.id, similarity)
        if detected != "und":
            language = detected
        return Answer(_UNKNOWN[language], language, None, similarity)


async def _build_index(encoder: Encoder, corpus: Corpus, language: Language) -> _Index:
    pairs = [(question, entry) for entry in corpus.entries for question in entry.dialogue(language).ask]
    vectors = await encoder.embed([_as_question(question) for question, _ in pairs])
    mean = vectors.mean(axis=0)
    return _Index(_unit(vectors - mean), mean, [entry for _, entry in pairs])


def _as_question(text: str) -> str:
    """The part of a text that says what is asked: case and outer punctuation only move the vector about."""
    return text[:_READ_CHARS].lower().strip(" \t\r\n.,;:!?¿¡…\"'()") or text[:_READ_CHARS]


def _unit(vectors: Vectors) -> Vectors:
    """Scale to length 1; a zero vector stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, np.finfo(np.float32).tiny), dtype=np.float32)
