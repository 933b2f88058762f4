"""How much personal data is found and how much of what is found is personal data, by type and language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict

from synapse_pipelines.pii.phrases import Sentence, Span

_ENOUGH: Final = 0.5  # share of a span's characters that the other side must cover

Finder = Callable[[Sequence[str]], list[list[Span]]]
"""Texts to the spans found in each."""


class Figures(BaseModel):
    """Counts of spans: of the labelled ones how many were found, of the found ones how many are right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labelled: int
    found_of_labelled: int
    found: int
    right_of_found: int

    @property
    def recall(self) -> float | None:
        """Share of labelled spans that were found; None without any."""
        return self.found_of_labelled / self.labelled if self.labelled else None

    @property
    def precision(self) -> float | None:
        """Share of found spans that are right; None without any."""
        return self.right_of_found / self.found if self.found else None


class Evaluation(BaseModel):
    """Figures on one set of sentences: content of ``evaluation.json`` by set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentences: int
    templates: int
    overall: Figures
    """Types must agree."""
    any_type: Figures
    """Whatever the type: what is found here is masked, what is not leaks."""
    exact: Figures
    """Types and both ends must agree."""
    by_type: dict[str, Figures]


def evaluate(sentences: Sequence[Sentence], find: Finder) -> Evaluation:
    """Compare what `find` finds with what is marked in `sentences`.

    A labelled span counts as found, and a found one as right, when spans of the other side cover at least half of its
    characters. A postcode inside a labelled address is part of it.
    """
    found = find([sentence.text for sentence in sentences])
    pairs = [(one.spans, _in_addresses(spans, one.spans)) for one, spans in zip(sentences, found, strict=True)]
    types = sorted({span[2] for both in pairs for spans in both for span in spans})
    return Evaluation(
        sentences=len(sentences),
        templates=len({sentence.template for sentence in sentences}),
        overall=_figures(pairs, _typed_cover),
        any_type=_figures(pairs, _cover),
        exact=_figures(pairs, _same),
        by_type={kind: _figures([(_only(a, kind), _only(b, kind)) for a, b in pairs], _cover) for kind in types},
    )


def score(sentences: Sequence[Sentence], found: Sequence[Sequence[Span]], types: Collection[str]) -> float:
    """Return F1 of what was found of `types` over all of them, types agreeing; 0 where nothing is right."""
    pairs = [
        ([span for span in one.spans if span[2] in types], _in_addresses(spans, one.spans))
        for one, spans in zip(sentences, found, strict=True)
    ]
    figures = _figures(pairs, _typed_cover)
    both = (figures.recall or 0.0, figures.precision or 0.0)
    return 2 * both[0] * both[1] / sum(both) if sum(both) else 0.0


def _in_addresses(found: Sequence[Span], labelled: Sequence[Span]) -> tuple[Span, ...]:
    addresses = _only(labelled, "ADDRESS")
    return tuple(
        (start, end, "ADDRESS")
        if kind == "POSTCODE" and any(a <= start and end <= b for a, b, _ in addresses)
        else (start, end, kind)
        for start, end, kind in found
    )


def masked_share(texts: Sequence[str], find: Finder) -> dict[str, float]:
    """Return for each type the share of `texts` with at least one span of it, and for "any" with any span."""
    counts: Counter[str] = Counter()
    for spans in find(texts):
        counts.update({span[2] for span in spans} | ({"any"} if spans else set()))
    return {kind: count / len(texts) for kind, count in sorted(counts.items())}


def _figures(
    pairs: Sequence[tuple[Sequence[Span], Sequence[Span]]], covers: Callable[[Span, Sequence[Span]], bool]
) -> Figures:
    return Figures(
        labelled=sum(len(labelled) for labelled, _ in pairs),
        found_of_labelled=sum(covers(span, found) for labelled, found in pairs for span in labelled),
        found=sum(len(found) for _, found in pairs),
        right_of_found=sum(covers(span, labelled) for labelled, found in pairs for span in found),
    )


def _cover(span: Span, others: Sequence[Span]) -> bool:
    shared = sum(max(0, min(span[1], other[1]) - max(span[0], other[0])) for other in others)
    return shared >= _ENOUGH * (span[1] - span[0])


def _typed_cover(span: Span, others: Sequence[Span]) -> bool:
    return _cover(span, _only(others, span[2]))


def _same(span: Span, others: Sequence[Span]) -> bool:
    return span in others


def _only(spans: Sequence[Span], kind: str) -> list[Span]:
    return [span for span in spans if span[2] == kind]
