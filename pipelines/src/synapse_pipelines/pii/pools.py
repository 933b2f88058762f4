"""Where values are drawn from: lists of this package, and what Faker makes up in many languages.

Names of people, made-up companies and streets of training, validation and test sentences are disjoint: such a value
belongs to one side by its hash, so that a tagger cannot win by heart. Listed places and organisations, which everybody
may know, are the same on all sides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import yaml
from faker import Faker

Language = Literal["en", "pt"]
Side = Literal["train", "valid", "test"]

HOME: Final[dict[Language, tuple[str, ...]]] = {"en": ("en_US", "en_GB"), "pt": ("pt_BR", "pt_PT")}
ABROAD: Final = (
    *("es_ES", "fr_FR", "de_DE", "it_IT", "nl_NL", "pl_PL", "cs_CZ", "sv_SE", "fi_FI", "hu_HU", "ro_RO", "tr_TR"),
    *("en_IN", "hr_HR", "da_DK", "no_NO", "id_ID", "vi_VN", "es_MX", "fr_CA", "de_AT", "sk_SK", "sl_SI", "et_EE"),
    *("lt_LT", "lv_LV", "az_AZ", "en_AU", "en_IE", "en_NG", "zu_ZA", "tw_GH"),
)
_POOL: Final = 1_000  # values drawn of each kind and locale


def side_of(value: str) -> Side:
    """Return the side that `value`, a name or a template, belongs to, by its hash: of ten two test, one validates."""
    match hashlib.sha256(value.encode()).digest()[0] % 10:
        case 0 | 5:
            return "test"
        case 1:
            return "valid"
        case _:
            return "train"


@cache
def pool(locale: str, kind: str) -> tuple[str, ...]:
    """Return what Faker makes up of `kind` in `locale`."""
    fake = Faker(locale)
    fake.seed_instance(f"{locale} {kind}")
    make: Callable[[], str] = getattr(fake, kind)
    return tuple(sorted({make().strip() for _ in range(_POOL)}))


@cache
def side_pool(locale: str, kind: str, side: Side) -> tuple[str, ...]:
    """Return those values of `pool` that belong to `side`."""
    found = tuple(value for value in pool(locale, kind) if side_of(value) == side)
    return found or side_pool("en_US", kind, side)  # a locale with a handful of values may have none of a side


@cache
def listed(file: str, *keys: str | int) -> tuple[str, ...]:
    """Return the list under `keys` of ``lists/<file>.yaml``."""
    content = yaml.safe_load(files("synapse_pipelines.pii").joinpath("lists", f"{file}.yaml").read_text("utf-8"))
    for key in keys:
        content = content[key]
    return tuple(map(str, content))


@cache
def side_listed(side: Side, file: str, *keys: str) -> tuple[str, ...]:
    """Return those values of `listed` that belong to `side`."""
    return tuple(value for value in listed(file, *keys) if side_of(value) == side)


def known_names() -> frozenset[str]:
    """Return, in lower case, all names of people, places and organisations that are one word."""
    names = {*listed("names", "first"), *listed("names", "last")}
    for language, locales in HOME.items():
        names |= {*listed("names", "short", language), *listed("regions", language)}
        names |= {*listed("places", "places", language), *listed("places", "orgs", language)}
        for locale in (*locales, *ABROAD):
            names |= {*pool(locale, "first_name"), *pool(locale, "last_name")}
    return frozenset(name.lower() for name in names if " " not in name)
