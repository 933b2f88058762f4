"""The engine that carries the bulk of the data: Daft, on this machine's cores or on a Ray cluster, by setting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Literal, cast

# Before Daft is imported: no calls home, and no progress bars in logs.
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("DAFT_PROGRESS_BAR", "0")

import daft
from daft import Expression
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from synapse_common.settings import SynapseSettings, load_settings

from synapse_pipelines.errors import DataError


class EngineSettings(SynapseSettings):
    """Where Daft runs, from ``SYNAPSE_DAFT_*``."""

    model_config = SettingsConfigDict(env_prefix="SYNAPSE_DAFT_")

    runner: Literal["native", "ray"] = Field("native", description="native: this process; ray: a Ray cluster")
    ray_address: str | None = Field(
        None, description="of the Ray cluster, e.g. ray://head:10001; null: the one of this machine"
    )
    stage: str | None = Field(
        None, description="folder for intermediate tables that every worker reaches; null: beside the result"
    )


@cache
def start_engine() -> EngineSettings:
    """Choose Daft's runner, once for the life of the process, and return the settings that said so.

    Raises:
        ConfigurationError: a setting is unknown or wrong.
        DataError: the Ray cluster cannot be reached, or Ray is not installed.
    """
    settings = load_settings(EngineSettings)
    if settings.runner == "native":
        # Daft's own default; it refuses to be told again once it has run something.
        os.environ["DAFT_RUNNER"] = "native"
        return settings
    try:
        daft.set_runner_ray(settings.ray_address, noop_if_initialized=True)
    except Exception as error:  # Ray raises plain ones, too
        raise DataError(
            f"SYNAPSE_DAFT_RUNNER is ray, but Ray cannot be used: {error}; "
            "install synapse-pipelines[ray] and check SYNAPSE_DAFT_RAY_ADDRESS"
        ) from error
    return settings


def equals(one: Expression, other: Expression | str | int) -> Expression:
    """Return ``one == other``, which Daft makes an expression and type checkers take for a truth value."""
    return cast(Expression, one == other)


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn what Daft raises into a `DataError` that says what could not be done: `doing`, as in "read the table"."""
    try:
        yield
    except (daft.exceptions.DaftCoreException, OSError, EOFError) as error:
        raise DataError(f"cannot {doing}: {_short(error)}") from error


def _short(error: BaseException) -> str:
    """The first line, and the last of the causes that Daft lists below it, without its number."""
    first, *_, last = [line.strip() for line in str(error).splitlines() if line.strip()] * 2
    return first if first == last else f"{first}: {last.partition(': ')[2] or last}"
