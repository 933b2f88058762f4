"""Train, validation and test: decided by the text itself, so a text never changes sides and no duplicate crosses."""

from __future__ import annotations

import hashlib
from typing import Literal

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX

Split = Literal["train", "valid", "test"]


def split_of(key: str, source: str) -> Split:
    """Return the split of a text: 80 % train, 10 % valid, 10 % test by a hash of its duplicate key.

    Generated rows are split by the sentence they were made from (60 / 20 / 20), since rows of one sentence are near
    duplicates: `source` ends in the sentence's number.
    """
    if source.startswith(SOURCE_PREFIX):
        return {3: "valid", 4: "test"}.get(int(source.rsplit("-", 1)[1]) % 5, "train")  # type: ignore[return-value]
    bucket = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % 10
    return "train" if bucket < 8 else "valid" if bucket == 8 else "test"
