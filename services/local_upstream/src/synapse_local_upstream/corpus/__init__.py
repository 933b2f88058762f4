"""The dialogue corpus: entries with a few ways to ask and one answer, in English and Portuguese, kept as YAML."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Language = Literal["en", "pt"]
LANGUAGES: tuple[Language, ...] = ("en", "pt")


class Dialogue(BaseModel):
    """Ways to ask one thing in one language, and the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ask: list[str] = Field(min_length=1)
    answer: str = Field(min_length=1)


class Entry(BaseModel):
    """One thing that can be asked, in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str
    en: Dialogue
    pt: Dialogue

    def dialogue(self, language: Language) -> Dialogue:
        """The entry in one language."""
        return self.en if language == "en" else self.pt


@dataclass(frozen=True)
class Corpus:
    """All entries, and a fingerprint that changes whenever any of them does."""

    entries: tuple[Entry, ...]
    fingerprint: str


def load_corpus() -> Corpus:
    """Read the YAML files that ship with the package."""
    folder = files(__name__)
    texts = [
        file.read_bytes() for file in sorted(folder.iterdir(), key=lambda f: f.name) if file.name.endswith(".yaml")
    ]
    parse = TypeAdapter(list[Entry]).validate_python
    entries = tuple(entry for text in texts for entry in parse(yaml.safe_load(text)))
    return Corpus(entries, hashlib.sha256(b"".join(texts)).hexdigest()[:10])
