"""The moderation categories: one order, two spellings.

The taxonomy is OpenAI's moderation taxonomy with an overall `toxicity` in front. Every array of scores in Synapse
(tensors, logits, thresholds) is in this order.
"""

from typing import Final

CATEGORIES: Final[tuple[str, ...]] = (
    "toxicity",
    "hate",
    "hate/threatening",
    "harassment",
    "sexual",
    "self-harm",
    "violence",
    "illicit",
)
"""Public names, as callers see them."""

COLUMNS: Final[tuple[str, ...]] = tuple(name.replace("/", "_").replace("-", "_") for name in CATEGORIES)
"""The same categories as column names of data tables, in the same order."""
