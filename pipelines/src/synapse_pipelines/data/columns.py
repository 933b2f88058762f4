"""What the columns of a source table must be, read from its row model, as rules over whole columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal

from daft import DataType, Expression, col, lit
from daft.functions import coalesce, length, regexp, when
from synapse_common.schemas import FeedbackRow, SourceRow

Kind = Literal["text", "integer", "number", "boolean", "time"]

_TYPES: Final[dict[Kind, DataType]] = {
    "text": DataType.string(),
    "integer": DataType.int64(),
    "number": DataType.float64(),
    "boolean": DataType.bool(),
    "time": DataType.timestamp("us", "UTC"),
}


@dataclass(frozen=True)
class Column:
    """One column of a table; `limits` are the keywords of JSON schema that narrow its values."""

    name: str
    kind: Kind
    nullable: bool
    limits: dict[str, Any]

    @property
    def dtype(self) -> DataType:
        """The type that the column is read as."""
        return _TYPES[self.kind]

    def accepts(self, dtype: DataType) -> bool:
        """Whether a column of this type in a file can be read as this one."""
        if dtype.is_null():
            return self.nullable
        match self.kind:
            case "text":
                return bool(dtype.is_string())
            case "integer":
                return bool(dtype.is_integer())
            case "number":
                return bool(dtype.is_numeric())
            case "boolean":
                return bool(dtype.is_boolean())
            case "time":
                return bool(dtype.is_timestamp()) and dtype.timezone is not None

    def value_of(self, raw: Any) -> Any:
        """Return a value parsed from JSON as this column holds it.

        Raises:
            ValueError: it is of another type.
        """
        if raw is None:
            return None
        if self.kind == "time" and isinstance(raw, str):
            return _moment(raw)
        if self.kind == "number" and type(raw) in (int, float):
            return float(raw)
        if self.kind == "text" and isinstance(raw, str):
            return _writable(raw)
        # bool is an int to Python, but not here.
        if type(raw) is {"integer": int, "boolean": bool}.get(self.kind):
            return raw
        raise ValueError(f"is not of type {self.kind}")


def _writable(raw: str) -> str:
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise ValueError("has half of a surrogate pair") from None
    return raw


def _moment(raw: str) -> datetime:
    try:
        value = datetime.fromisoformat(raw)
    except ValueError:
        raise ValueError("is not a time in ISO 8601") from None
    if value.tzinfo is None:
        raise ValueError("has no time zone")
    return value


@cache
def columns_of(model: type[SourceRow]) -> tuple[Column, ...]:
    """Return the columns of the table whose rows are `model`."""
    return tuple(_column(name, spec) for name, spec in model.model_json_schema()["properties"].items())


def _column(name: str, spec: dict[str, Any]) -> Column:
    options = spec.get("anyOf", [spec])
    value = next(option for option in options if option["type"] != "null")
    kind: Kind = "time" if value.get("format") == "date-time" else _KINDS[value["type"]]
    return Column(name, kind, nullable=len(options) > 1, limits=value)


_KINDS: Final[dict[str, Kind]] = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}


def reason_why_not(model: type[SourceRow]) -> Expression:
    """Return an expression over the columns of `model`: why a row does not fit, or null where it does."""
    checks = [when(bad, lit(reason)) for column in columns_of(model) for bad, reason in _rules(column)]
    if model is FeedbackRow:
        silent = col("rating").is_null() & ~col("report")
        checks.append(when(silent, lit("a feedback row needs a rating or a report")))
    return coalesce(*checks)


def _rules(column: Column) -> Iterator[tuple[Expression, str]]:
    value, limits, name = col(column.name), column.limits, column.name
    if not column.nullable:
        yield value.is_null(), f"{name}: is missing"
    if "enum" in limits:
        yield ~value.is_in(limits["enum"]), f"{name}: is not one of {', '.join(limits['enum'])}"
    if "minLength" in limits:
        yield length(value) < limits["minLength"], f"{name}: is empty"
    if "maxLength" in limits:
        yield length(value) > limits["maxLength"], f"{name}: is longer than {limits['maxLength']} characters"
    if "pattern" in limits:
        yield ~regexp(value, limits["pattern"]), f"{name}: does not match {limits['pattern']}"
    if column.kind == "number":
        yield value.is_nan(), f"{name}: is not a number"
    if "minimum" in limits:
        yield value < limits["minimum"], f"{name}: is below {limits['minimum']}"
    if "maximum" in limits:
        yield value > limits["maximum"], f"{name}: is above {limits['maximum']}"
