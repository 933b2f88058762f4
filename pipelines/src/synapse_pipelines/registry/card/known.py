"""What the card's tables know: categories, whom sources ask to name, base encoders, and texts of licences."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict

from synapse_pipelines.registry.card.data import Attribution

OWN_LICENCE: Final = "Apache-2.0"
"""Of the code, of the models made with it, and of sentences that it makes from nothing."""
NOT_STATED: Final = "not stated"

_BETWEEN_LICENCES: Final = re.compile(r"\s+AND\s+|,\s*")


class Encoder(BaseModel):
    """Licence and origin of a base encoder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str
    origin: str


def definitions() -> dict[str, str]:
    """Return what each category means, by its public name."""
    found: dict[str, str] = _yaml("definitions.yaml")
    return found


def attributions() -> dict[str, Attribution]:
    """Return whom to name for each source that the table has."""
    return {source: Attribution.model_validate(found) for source, found in _yaml("attributions.yaml").items()}


def attribution(source: str) -> Attribution:
    """Return whom to name for `source`; nobody for one that the table does not have."""
    return attributions().get(source, Attribution())


def encoder(name: str) -> Encoder:
    """Return what is known of the base encoder that a bundle states as `name`."""
    found = _yaml("encoders.yaml").get(name)
    return Encoder(licence=NOT_STATED, origin="") if found is None else Encoder.model_validate(found)


def licence_texts(licences: Iterable[str]) -> dict[str, str]:
    """Return the address of the text of each known licence in `licences`, which may be several, such as ``A AND B``."""
    named = {one for licence in licences for one in _BETWEEN_LICENCES.split(licence)}
    return {name: address for name, address in _yaml("licences.yaml").items() if name in named}


@cache
def _yaml(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(files(__package__).joinpath(name).read_text("utf-8"))
    return loaded
