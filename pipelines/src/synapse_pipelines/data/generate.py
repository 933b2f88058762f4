"""A seeded data set of our own, English and Portuguese, for machines without labelled data and for thin categories.

It makes all three source tables, so everything after it is the same way that real data goes. The sentences are those
of the phrase banks; figures measured on generated rows tell little about real messages, and reports say so.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pandas as pd

from synapse_pipelines.augmentation.templates import fill, lines, plain_lines, template_rows

BASIC_BANKS: Final = ("en_basic", "pt_basic")
"""Few plain sentences, for quick models: some hundred rows of all banks would show a model each sentence once."""
_LICENSE: Final = "Apache-2.0"


def generate_annotations(rows: int, seed: int, banks: Collection[str] | None = None) -> pd.DataFrame:
    """Return up to `rows` labelled rows in the schema of ``annotations``; equal for equal arguments.

    They are made from the phrase banks named in `banks`, from all of them when None.
    """
    return template_rows(rows, seed, banks).drop(columns=["method", "parent_id", "identity"])


def write_tables(
    folder: Path, *, annotations: int, messages: int, seed: int, banks: Collection[str] | None = None
) -> Path:
    """Write the three source tables into `folder` and return it; the content depends on the other arguments alone."""
    folder.mkdir(parents=True, exist_ok=True)
    chat_logs = _chat_logs(messages, _random(seed + 1), banks)
    generate_annotations(annotations, seed, banks).to_parquet(folder / "annotations.parquet", index=False)
    chat_logs.to_parquet(folder / "chat_logs.parquet", index=False)
    _feedback(chat_logs, _random(seed + 2)).to_parquet(folder / "feedback.parquet", index=False)
    return folder


def _random(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable data, no secrets


def _chat_logs(messages: int, rng: random.Random, banks: Collection[str] | None) -> pd.DataFrame:
    """Users of a few habits (night or day, chatty or terse), so that there are clusters to find."""
    known = [line for line in lines() if banks is None or line.bank_name in banks]
    plain = {line.source for line in (*plain_lines("en"), *plain_lines("pt"))}
    harmless = [line for line in known if line.source in plain]
    abusive = [line for line in known if "harassment" in line.block.labels]
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
        pool = abusive if rng.random() < (0.0, 0.02, 0.1)[habit] else harmless
        sentences = [fill(rng.choice(pool), rng)[0] for _ in range((1, 3, 1)[habit])]
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
