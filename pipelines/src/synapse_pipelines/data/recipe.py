"""What cleaning counts as noise and as the same message: the part of the recipe that is about source texts."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CleaningRecipe(BaseModel):
    """Limits of noise, and the likeness from which on two texts count as the same message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_letters: int = Field(default=2, ge=1, description="texts with fewer letters, placeholders apart, are noise")
    max_characters: int = Field(default=10_000, ge=1, description="longer texts are noise: documents, logs")
    near_duplicate_threshold: float = Field(
        default=0.8, ge=0.5, le=1, description="Jaccard similarity of two texts' character trigrams"
    )
