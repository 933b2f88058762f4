"""Which rows augmentation adds, and how many: the part of the recipe that is about generated data."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AugmentationRecipe(BaseModel):
    """Counts and shares are upper bounds: the filter and the overlap guard drop rows, and say how many and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    template_rows: int = Field(default=0, ge=0, description="rows of the phrase banks in train")
    obfuscated_share: float = Field(
        default=0.06, ge=0, le=1, description="of train, copied with words hidden by spelling tricks"
    )
    valid_labels: int = Field(
        default=60,
        ge=0,
        description="known positives, and negatives, that a category should have in validation in each language; "
        "phrase-bank rows fill up to here",
    )
