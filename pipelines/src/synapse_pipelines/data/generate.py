"""A seeded data set of our own, English and Portuguese, for machines without labelled data and for thin categories.

It makes all three source tables, so everything after it is the same way that real data goes. The sentences are in
``phrases.yaml``; figures measured on generated rows tell little about real messages, and reports say so.
"""

from __future__ import annotations

import hashlib
import random
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict
from synapse_common.taxonomy import CATEGORIES, COLUMNS

SOURCE_PREFIX: Final = "generated/"
_LICENSE: Final = "Apache-2.0"
_SLOT = re.compile(r"\{(\w+)\}")
_OPENERS: Final = {"en": ("", "", "", "hey, ", "so ", "well, "), "pt": ("", "", "", "olha, ", "então ", "bom, ")}
_CLOSERS: Final = {"en": ("", "", "", " please", " lol", "!"), "pt": ("", "", "", " por favor", " kkk", "!")}


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    language: Literal["en", "pt"]
    labels: list[str]
    lines: list[str]


class _Phrases(BaseModel):
    model_config = ConfigDict(extra="forbid")
    slots: dict[str, dict[str, list[str]]]
    blocks: list[_Block]


@cache
def _phrases() -> _Phrases:
    return _Phrases.model_validate(yaml.safe_load(files(__package__).joinpath("phrases.yaml").read_text("utf-8")))


def generate_annotations(rows: int, seed: int) -> pd.DataFrame:
    """Return `rows` labelled rows in the schema of ``annotations``; equal for equal arguments.

    Half of them are harmless. Texts may repeat; cleaning drops duplicates as it does for real data.
    """
    rng = _random(seed)
    abusive = [block for block in _phrases().blocks if block.labels]
    harmless = [block for block in _phrases().blocks if not block.labels]
    return pd.DataFrame([_annotation(rng, rng.choice((abusive, harmless)[i % 2]), i) for i in range(rows)])


def write_tables(folder: Path, *, annotations: int, messages: int, seed: int) -> Path:
    """Write the three source tables into `folder` and return it; the content depends on the arguments alone."""
    folder.mkdir(parents=True, exist_ok=True)
    chat_logs = _chat_logs(messages, _random(seed + 1))
    generate_annotations(annotations, seed).to_parquet(folder / "annotations.parquet", index=False)
    chat_logs.to_parquet(folder / "chat_logs.parquet", index=False)
    _feedback(chat_logs, _random(seed + 2)).to_parquet(folder / "feedback.parquet", index=False)
    return folder


def _random(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable data, no secrets


def _annotation(rng: random.Random, block: _Block, number: int) -> dict[str, Any]:
    line = rng.randrange(len(block.lines))
    text = _vary(rng, _fill(rng, block.lines[line], block.language), block.language)
    source = f"{SOURCE_PREFIX}{block.name}-{line}"
    return {
        "id": hashlib.sha256(f"{source}{number}{text}".encode()).hexdigest()[:20],
        "text": text,
        "language": block.language,
        "source": source,
        "license": _LICENSE,
        "annotator_count": None,
        "label_quality": "weak",
        **{column: name in block.labels for column, name in zip(COLUMNS, CATEGORIES, strict=True)},
    }


def _fill(rng: random.Random, line: str, language: str) -> str:
    slots = _phrases().slots[language]
    return _SLOT.sub(lambda match: rng.choice(slots[match[1]]), line)


def _vary(rng: random.Random, text: str, language: str) -> str:
    text = rng.choice(_OPENERS[language]) + text + rng.choice(_CLOSERS[language])
    style = rng.random()
    if style < 0.1:
        return text.upper()
    if style < 0.4:
        return text[0].upper() + text[1:]
    return text


def _chat_logs(messages: int, rng: random.Random) -> pd.DataFrame:
    """Users of a few habits (night or day, chatty or terse), so that there are clusters to find."""
    harmless = [block for block in _phrases().blocks if not block.labels]
    abusive = [block for block in _phrases().blocks if "harassment" in block.labels]
    start = datetime(2024, 1, 1, tzinfo=UTC)
    users = max(6, messages // 40)
    rows: list[dict[str, Any]] = []
    position: dict[str, int] = {}
    for number in range(messages):
        user = rng.randrange(users)
        habit = user % 3
        hour = rng.gauss((10, 15, 22)[habit], 1.5) % 24
        sent = start + timedelta(days=rng.randrange(60), hours=hour)
        conversation = f"generated:{sent:%Y-%m-%d}"
        block = rng.choice(abusive if rng.random() < (0.0, 0.02, 0.1)[habit] else harmless)
        sentences = [_fill(rng, rng.choice(block.lines), block.language) for _ in range((1, 3, 1)[habit])]
        rows.append(
            {
                "message_id": f"g{number}",
                "conversation_id": conversation,
                "user_id": f"u_{user}",
                "timestamp": sent,
                "position": position.setdefault(conversation, 0),
                "text": ". ".join(sentences),
                "source": "generated",
                "license": _LICENSE,
            }
        )
        position[conversation] += 1
    return pd.DataFrame(rows)


def _feedback(chat_logs: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    rated = chat_logs.sample(frac=0.2, random_state=rng.randrange(2**32))
    return pd.DataFrame(
        {
            "feedback_id": [f"f{number}" for number in range(len(rated))],
            "conversation_id": rated["conversation_id"].to_list(),
            "message_id": rated["message_id"].to_list(),
            "rating": [float(rng.choices((1, 2, 3, 4, 5), (1, 1, 2, 6, 10))[0]) for _ in range(len(rated))],
            "report": [rng.random() < 0.01 for _ in range(len(rated))],
            "source": "generated",
        }
    )
