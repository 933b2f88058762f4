"""What a recipe says about the student of a distillation."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class StudentRecipe(BaseModel):
    """The small model that is released in its teacher's place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int = Field(default=6, ge=1, description="the teacher's lowest layers that it starts from")
    vocabulary: int = Field(default=12_000, ge=300, description="pieces of the tokenizer it keeps, at most")
    label_share: float = Field(
        default=0.5, ge=0, le=1, description="weight of a known label against what the teacher says"
    )
    epochs: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=2e-4, gt=0)
