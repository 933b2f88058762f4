"""Presidio with recognisers of our own: forms and check digits as the gateway finds them, names as the tagger does.

Presidio wants an engine that reads a text before recognisers look at it, usually spaCy's; here the tagger is that
engine, so that no model has to be downloaded and a batch of texts is read at once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from presidio_analyzer import (
    AnalyzerEngine,
    BatchAnalyzerEngine,
    EntityRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from synapse_common.language import detect_language
from synapse_common.pii import TYPES as FORMS
from synapse_common.pii import find_entities

from synapse_pipelines.evaluation.identity import names_a_group
from synapse_pipelines.pii.model import SpanTagger
from synapse_pipelines.pii.phrases import Span
from synapse_pipelines.pii.tagger import TYPES

LANGUAGES: Final = ("en", "pt")
_SURE: Final = 1.0  # a form that holds
# Presidio logs a line for every text at this level.
logging.getLogger("presidio-analyzer").setLevel(logging.WARNING)
_LIKELY: Final = 0.85  # what the tagger says, as Presidio scores its own models


class TaggedText(NlpArtifacts):
    """What the tagger saw in one text."""

    def __init__(self, spans: Sequence[Span], engine: TaggerEngine, language: str) -> None:
        tokens: Any = []  # Presidio would have spaCy's, and reads them only for recognisers that name context words
        super().__init__([], tokens, [], [], engine, language)
        self.spans = spans


class TaggerEngine(NlpEngine):
    """The tagger as Presidio's reader of texts."""

    def __init__(self, tagger: SpanTagger) -> None:
        self._tagger = tagger

    def load(self) -> None:
        """Do nothing: the tagger is loaded when it is made."""

    def is_loaded(self) -> bool:
        """Return true."""
        return True

    def process_text(self, text: str, language: str) -> TaggedText:
        """Tag one text."""
        return TaggedText(self._tagger.find([text])[0], self, language)

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,  # noqa: ARG002 - Presidio's signature; the tagger makes its own batches
        n_process: int = 1,  # noqa: ARG002
        **_options: Any,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Tag many texts at once."""
        texts = list(texts)
        for text, spans in zip(texts, self._tagger.find(texts), strict=True):
            yield text, TaggedText(spans, self, language)

    def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002 - Presidio's signature
        """Return false: no recogniser here asks about words."""
        return False

    def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002
        """Return whether `word` has no letter or digit."""
        return not any(map(str.isalnum, word))

    def get_supported_entities(self) -> list[str]:
        """Return the tagger's types."""
        return list(TYPES)

    def get_supported_languages(self) -> list[str]:
        """Return the languages that the tagger learnt."""
        return list(LANGUAGES)


class NameRecognizer(EntityRecognizer):
    """Names, places, organisations and whatever else the tagger found."""

    def load(self) -> None:
        """Do nothing."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:
        """Return the tagger's spans of the types asked for, but for those that name a group of people.

        A posting that shouts its nouns looks to a tagger as if it were about organisations. A group is nobody's name,
        and a moderator who does not read which group is meant cannot judge the text.
        """
        if not isinstance(nlp_artifacts, TaggedText):
            raise TypeError("names are found by the tagger's engine, not by another")
        return [
            RecognizerResult(kind, a, b, _LIKELY)
            for a, b, kind in nlp_artifacts.spans
            if kind in entities and not names_a_group(text[a:b])
        ]


class FormRecognizer(EntityRecognizer):
    """What has a form, check digits or a word beside it that gives it away; see `synapse_common.pii`."""

    def load(self) -> None:
        """Do nothing."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:  # noqa: ARG002
        """Return what the patterns find of the types asked for."""
        return [RecognizerResult(kind, a, b, _SURE) for kind, a, b in find_entities(text) if kind in entities]


def analyzer(tagger: SpanTagger) -> AnalyzerEngine:
    """Return a Presidio analyser of English and Portuguese texts."""
    recognisers = [
        recogniser
        for language in LANGUAGES
        for recogniser in (
            FormRecognizer(list(FORMS), supported_language=language),
            NameRecognizer(list(TYPES), supported_language=language),
        )
    ]
    return AnalyzerEngine(
        registry=RecognizerRegistry(recognisers, supported_languages=list(LANGUAGES)),
        nlp_engine=TaggerEngine(tagger),
        supported_languages=list(LANGUAGES),
    )


def find_all(engine: AnalyzerEngine, texts: Sequence[str]) -> list[list[Span]]:
    """Return the personal data in each text, in order and without overlaps, each text read in its own language.

    Where a form lies inside a tagged span, the form keeps its type and the rest of the span its own, so that nothing
    that either found is left unmasked.
    """
    found: list[list[Span]] = [[] for _ in texts]
    languages = ["pt" if detect_language(text) == "pt" else "en" for text in texts]
    batch = BatchAnalyzerEngine(engine)
    for language in LANGUAGES:
        rows = [row for row, own in enumerate(languages) if own == language]
        for row, results in zip(rows, batch.analyze_iterator([texts[row] for row in rows], language), strict=True):
            found[row] = resolve(texts[row], results)
    return found


def resolve(text: str, results: Sequence[RecognizerResult]) -> list[Span]:
    """Return non-overlapping spans that cover all that `results` cover, surer and longer ones whole."""
    taken: list[Span] = []
    for result in sorted(results, key=lambda one: (-one.score, one.start - one.end, one.start)):
        start = result.start
        for a, b, _ in sorted(span for span in taken if span[0] < result.end and span[1] > result.start):
            taken += _trimmed(text, start, a, result.entity_type)
            start = b
        taken += _trimmed(text, start, result.end, result.entity_type)
    return sorted(taken)


def _trimmed(text: str, start: int, end: int, kind: str) -> list[Span]:
    """The part of a stretch from its first letter or digit to its last, if it has one."""
    marks = [place for place in range(start, end) if text[place].isalnum()]
    return [(marks[0], marks[-1] + 1, kind)] if marks else []
