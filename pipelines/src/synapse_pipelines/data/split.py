"""Train, validation and test: decided by a row's identifier, so a row never changes sides, whatever else there is."""

from __future__ import annotations

import hashlib
from typing import Final, Literal

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX

Split = Literal["train", "valid", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "valid", "test")


def split_of(stable_id: str, source: str) -> Split:
    """Return the split of a row: 80 % train, 10 % valid, 10 % test by a hash of its identifier.

    Generated rows are split by the sentence they were made from, which their `source` names, since rows of one sentence
    are near duplicates.
    """
    share = hash_share(source if source.startswith(SOURCE_PREFIX) else stable_id)
    return "train" if share < 0.8 else "valid" if share < 0.9 else "test"


def hash_share(text: str, salt: str = "") -> float:
    """Return a number in [0, 1) that depends on `text` and `salt` alone, evenly spread over texts."""
    digest = hashlib.sha256(f"{salt}{text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
