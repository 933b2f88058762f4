"""Protected groups as words: what fills the group slots of the phrase banks, with Portuguese agreement."""

from __future__ import annotations

import random
import re
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict

Language = Literal["en", "pt"]
GROUP_SLOTS: Final[dict[str, frozenset[str]]] = {
    "en": frozenset({"group", "member", "member_n", "slur", "slur_one"}),
    "pt": frozenset(
        {"grupo", "os_grupo", "dos_grupo", "aos_grupo", "um_membro", "membro", "slur", "slur_um"},
    ),
}
AGREEMENT: Final = re.compile(r"\{([^\W\d_]*):([^\W\d_]*)\}")
_ARTICLES: Final = {
    "m": {"os": "os", "dos": "dos", "aos": "aos", "um": "um"},
    "f": {"os": "as", "dos": "das", "aos": "às", "um": "uma"},
}


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid")
    names: list[str]
    member: str
    slurs: list[str]


@cache
def groups(language: Language) -> dict[str, _Group]:
    """Return the protected groups that sentences of `language` speak of, by their key."""
    raw: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("groups.yaml").read_text("utf-8"))
    return {key: _Group.model_validate(value) for key, value in raw[language].items()}


def fill_group(line: str, language: Language, rng: random.Random) -> tuple[str, str | None]:
    """Fill the group slots of `line`, all with one group drawn by `rng`.

    Returns:
        The line, and the group's key: None where the line names no group.
    """
    named = GROUP_SLOTS[language]
    if not any(f"{{{slot}}}" in line for slot in named):
        return _agree(line, "m"), None
    table = groups(language)
    key = rng.choice(sorted(table))
    plural, _, gender = rng.choice(table[key].names).partition("|")
    slur_many, _, slur_one = rng.choice(table[key].slurs).partition("|")
    member, _, member_gender = table[key].member.partition("|")
    if language == "en":
        words = {"group": plural, "member": member, "member_n": member.partition(" ")[2]}
        words |= {"slur": slur_many, "slur_one": slur_one}
        return _replace(_with_article(line, slur_one), words), key
    # One gender for the whole sentence: the singular noun's where it is used, else the plural's.
    singular = "{um_membro}" in line or "{membro}" in line
    gender = member_gender if singular else gender
    if singular and not plural_agrees(table[key], plural, gender):
        plural = next((name.partition("|")[0] for name in table[key].names if name.endswith(f"|{gender}")), plural)
    article = _ARTICLES[gender]
    words = {"grupo": plural, "membro": member, "slur": slur_many, "slur_um": slur_one}
    words |= {f"{short}_grupo": f"{article[short]} {plural}" for short in ("os", "dos", "aos")}
    words["um_membro"] = f"{article['um']} {member}"
    return _agree(_replace(line, words), gender), key


def _with_article(line: str, slur: str) -> str:
    return line.replace("a {slur_one}", "an {slur_one}") if slur[0] in "aeiou" else line


def plural_agrees(group: _Group, plural: str, gender: str) -> bool:
    """Tell whether the Portuguese name `plural` of `group` has the grammatical `gender`."""
    return f"{plural}|{gender}" in group.names


def _replace(line: str, words: dict[str, str]) -> str:
    for slot, word in words.items():
        line = line.replace(f"{{{slot}}}", word)
    return line


def _agree(line: str, gender: str) -> str:
    return AGREEMENT.sub(lambda match: match[1] if gender == "m" else match[2], line)
