"""How sure the tagger must be of each type, chosen on sentences whose templates it did not learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from synapse_pipelines.pii.evaluate import score
from synapse_pipelines.pii.phrases import Sentence, Span
from synapse_pipelines.pii.tagger import TYPES, Parts, decode

_BIASES: Final = (-1.0, 0.0, 0.7, 1.5, 2.5, 4.0)
"""Taken from a type's log-probability: 0 takes the likeliest tag, 2.5 asks for twelve times the next one's odds."""


def choose_biases(sentences: Sequence[Sentence], parts: Sequence[Parts]) -> dict[str, float]:
    """Return for each type the bias with the best F1 over all types on `sentences`, given what the tagger read of each.

    One type after another, the commonest first as `TYPES` has them, the others as they were chosen or 0.
    """
    biases = dict.fromkeys(TYPES, 0.0)
    for kind in TYPES:
        scored = {bias: score(sentences, _decoded(sentences, parts, biases | {kind: bias}), TYPES) for bias in _BIASES}
        biases[kind] = max(_BIASES, key=lambda bias: (scored[bias], -abs(bias)))
    return biases


def _decoded(sentences: Sequence[Sentence], parts: Sequence[Parts], biases: Mapping[str, float]) -> list[list[Span]]:
    return [decode(sentence.text, own, biases) for sentence, own in zip(sentences, parts, strict=True)]
