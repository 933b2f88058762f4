"""What a predictor must offer to be served over the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from synapse_common.oip.tensors import Array


@dataclass(frozen=True)
class TensorSpec:
    """Name, protocol datatype and shape of an input or output; -1 stands for any size."""

    name: str
    datatype: str
    shape: tuple[int, ...]


class InferenceModel(Protocol):
    """A loaded model version."""

    @property
    def name(self) -> str:
        """Name under which callers ask for it."""

    @property
    def version(self) -> str:
        """The bundle's version."""

    @property
    def inputs(self) -> Sequence[TensorSpec]:
        """Expected inputs; every one is required."""

    @property
    def outputs(self) -> Sequence[TensorSpec]:
        """Outputs it can give."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """What callers should know besides tensors: categories, thresholds, features (JSON where structured)."""

    @property
    def max_batch(self) -> int:
        """Largest first dimension accepted."""

    async def infer(self, inputs: Mapping[str, Array], deadline_s: float | None) -> Mapping[str, Array]:
        """Compute the outputs. Must not block the event loop.

        Args:
            inputs: checked arrays by name; BYTES arrive as object arrays of `bytes`.
            deadline_s: seconds the caller still waits, or None; work that would end later need not be done.
        """
