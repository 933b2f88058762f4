"""The part of the recipe that says how a search for better settings goes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from synapse_pipelines.search.space import DEFAULT_SPACE, Space


class SearchRecipe(BaseModel):
    """How many trials, on how much data, over which space. No trials: no search."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trials: int = Field(default=0, ge=0, description="trials that the study shall have in the end; 0: no search")
    timeout_minutes: float | None = Field(default=None, gt=0, description="no trial starts later than this")
    train_rows: int | None = Field(default=4_000, ge=1, description="training rows of a trial; null: all")
    valid_rows: int | None = Field(default=2_000, ge=1, description="validation rows of a trial; null: all")
    looks: int = Field(default=4, ge=1, description="looks at validation during a trial: where it may be stopped")
    prune: bool = Field(default=True, description="stop a trial that is below the median of earlier ones")
    workers: int = Field(default=1, ge=1, description="trials at the same time, each in a process of its own")
    space: Space = Field(default=dict(DEFAULT_SPACE), min_length=1, description="settings searched, by name")
