"""The search space: which settings of a recipe are searched, and where. Optuna and Katib both search this one.

It imports neither: it is a part of the recipe, which every step reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

Value = float | int | str | bool


class FloatRange(BaseModel):
    """A real number from `low` to `high`, both included; with `log`, every factor of ten is as likely as another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["float"] = "float"
    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> FloatRange:
        _check_range(self.low, self.high, log=self.log)
        return self

    @property
    def ends(self) -> tuple[Value, ...]:
        """The outermost values."""
        return self.low, self.high

    def holds(self, value: object) -> bool:
        """Whether `value` lies in the range."""
        return isinstance(value, int | float) and self.low <= value <= self.high


class IntRange(BaseModel):
    """A whole number from `low` to `high`, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["int"] = "int"
    low: int
    high: int
    log: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> IntRange:
        _check_range(self.low, self.high, log=self.log)
        return self

    @property
    def ends(self) -> tuple[Value, ...]:
        """The outermost values."""
        return self.low, self.high

    def holds(self, value: object) -> bool:
        """Whether `value` lies in the range."""
        return isinstance(value, int) and self.low <= value <= self.high


class Choice(BaseModel):
    """One of `values`, which have no order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["choice"] = "choice"
    values: tuple[Value, ...] = Field(min_length=2)

    @property
    def ends(self) -> tuple[Value, ...]:
        """All values."""
        return self.values

    def holds(self, value: object) -> bool:
        """Whether `value` is one of them."""
        return value in self.values


Parameter = Annotated[FloatRange | IntRange | Choice, Field(discriminator="kind")]
Space = dict[str, Parameter]
"""Names of the recipe's settings with where to search each."""


def check_space(space: Space, recipe: type[BaseModel]) -> None:
    """Hold every parameter of `space` against the field of `recipe` that it searches.

    Raises:
        ValueError: there is no such field, or it does not take a value from the range.
    """
    for name, parameter in space.items():
        field = recipe.model_fields.get(name)
        if field is None:
            raise ValueError(f"the search space has {name}, which is no setting of the recipe")
        accepted: Any = Annotated[field.annotation, field]
        for value in parameter.ends:
            try:
                TypeAdapter(accepted).validate_python(value, strict=True)
            except ValidationError as error:
                raise ValueError(f"{name} is searched at {value}: {error.errors()[0]['msg']}") from error


def _check_range(low: float, high: float, *, log: bool) -> None:
    if not low < high:
        raise ValueError(f"low ({low}) must be below high ({high})")
    if log and low <= 0:
        raise ValueError(f"a range on a logarithmic scale starts above 0, not at {low}")


DEFAULT_SPACE: Final[Mapping[str, FloatRange | IntRange | Choice]] = {
    "learning_rate": FloatRange(low=2e-5, high=2e-3, log=True),
    "head_learning_rate": FloatRange(low=2e-4, high=2e-2, log=True),
    "tokens_per_batch": IntRange(low=256, high=4096, log=True),
    "warmup_share": FloatRange(low=0.0, high=0.2),
    "weight_decay": FloatRange(low=1e-3, high=0.3, log=True),
    "dropout": FloatRange(low=0.0, high=0.4),
    "max_positive_weight": FloatRange(low=1.0, high=20.0, log=True),
}
"""What decides how well training goes at the same cost. What buys quality with time (layers, epochs, longer texts) is
not in it: a search that does not count time would always take all of it. Name such a setting in the recipe's space to
have it searched all the same."""
