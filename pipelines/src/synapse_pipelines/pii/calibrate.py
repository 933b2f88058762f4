"""How sure the tagger must be of each type, chosen on sentences whose templates it did not learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from synapse_pipelines.pii.evaluate import score
from synapse_pipelines.pii.phrases import Sentence, Span
from synapse_pipelines.pii.tagger import TYPES, ReadWords, decode

_BIASES: Final = (-0.7, 0.0, 0.7, 1.2, 1.8, 2.5, 3.5, 5.0)
"""Taken from a type's log-probability: 0 takes the likeliest tag, 2.5 asks for twelve times the next one's odds."""
_ROUNDS: Final = 2  # a type's best number depends on those of the types that it is confused with


def choose_biases(sentences: Sequence[Sentence], read: Sequence[ReadWords]) -> dict[str, float]:
    """Return for each type the bias with the best F1 over all types on `sentences`, given what the tagger read of each.

    One type after another, the commonest first as `TYPES` has them, the others as they were chosen last.
    """
    biases = dict.fromkeys(TYPES, 0.0)
    for kind in TYPES * _ROUNDS:
        scored = {bias: score(sentences, _decoded(read, biases | {kind: bias}), TYPES) for bias in _BIASES}
        biases[kind] = max(_BIASES, key=lambda bias: (scored[bias], -abs(bias)))
    return biases


def _decoded(read: Sequence[ReadWords], biases: Mapping[str, float]) -> list[list[Span]]:
    return [decode(words, biases) for words in read]
