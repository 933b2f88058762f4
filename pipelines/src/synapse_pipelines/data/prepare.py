"""Prepare the moderation data set: load, validate, clean, split, sample, version, write."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict
from synapse_common.language import detect_language
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.data.cleaning import clean
from synapse_pipelines.data.generate import generate_annotations
from synapse_pipelines.data.sampling import sample
from synapse_pipelines.data.sources import data_version
from synapse_pipelines.data.split import Split, split_of
from synapse_pipelines.data.validation import load_table
from synapse_pipelines.errors import DataError
from synapse_pipelines.settings import Recipe

SPLITS: Final[tuple[Split, ...]] = ("train", "valid", "test")
_KEPT: Final = ["text", "key", "language", "source", *COLUMNS]
_RAW: Final = ["raw_length", "raw_language"]


class DatasetInfo(BaseModel):
    """What a prepared data set is: content of ``dataset.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["labelled", "generated"]
    version: str
    source_version: str
    rows: dict[str, int]
    sources: dict[str, int]
    positives: dict[str, dict[str, int]]
    negatives: dict[str, dict[str, int]]
    generated_rows_in_train: int
    chat_negatives: int
    quarantined: dict[str, dict[str, int]]
    dropped: dict[str, int]
    feedback: dict[str, float]


def prepare_dataset(data_dir: Path, recipe: Recipe, out: Path) -> DatasetInfo:
    """Write ``train|valid|test.parquet``, ``chat.parquet``, ``quarantine/`` and ``dataset.json`` into `out`.

    The split files have the columns text, key, language, source and the eight nullable labels. Validation and test
    hold labelled rows of the source tables. Generated rows are mixed into train alone; a fifth of the chat messages
    taken as weak negatives goes to validation, where thresholds are chosen, none to test. There are no weak negatives
    where the tables are generated: chat is then made of the very sentences that test consists of.

    Validation also has ``raw_length`` (characters) and ``raw_language`` (detected) of its labelled rows' texts as they
    came in, before cleaning; `reference_rows` selects by them. The texts themselves may hold PII and are not kept.

    Raises:
        DataError: a table is missing or unusable, or a split ends up empty.
    """
    out.mkdir(parents=True, exist_ok=True)
    tables = {name: load_table(data_dir, name, out / "quarantine") for name in ("annotations", "chat_logs", "feedback")}
    annotations = sample(_typed(tables["annotations"].rows.to_pandas()), recipe.max_source_rows, recipe.seed)
    annotations, dropped = clean(annotations.assign(raw=annotations["text"]))
    unlabelled = annotations[list(COLUMNS)].isna().all(axis=1)
    if unlabelled.any():
        dropped["no label"] = int(unlabelled.sum())
        annotations = annotations[~unlabelled]
    side = pd.Series(
        [split_of(key, source) for key, source in zip(annotations["key"], annotations["source"], strict=True)],
        index=annotations.index,
    )
    limits = {"train": recipe.max_train_rows, "valid": recipe.max_valid_rows, "test": recipe.max_test_rows}
    splits = {name: sample(annotations[side == name], limits[name], recipe.seed) for name in SPLITS}
    for name, rows in splits.items():
        if rows.empty:
            raise DataError(f"the {name} split is empty: {len(annotations)} usable annotations are too few")
    all_generated = bool(annotations["source"].str.startswith(SOURCE_PREFIX).all())

    seen = set(annotations["key"])
    # Sentences of the generator may stand in test when the sources are generated themselves.
    extra = _generated(0 if all_generated else recipe.generated_rows, recipe.seed, seen)
    seen |= set(extra["key"])
    chat = _unreported(tables["chat_logs"].rows.to_pandas(), tables["feedback"].rows.to_pandas())
    wanted = 0 if all_generated else recipe.chat_negatives
    chat = chat.sample(min(len(chat), wanted + recipe.chat_sample), random_state=recipe.seed)
    chat, _ = clean(chat)
    chat = chat[~chat["key"].isin(seen)]
    negatives = _weak_negatives(chat.iloc[:wanted])
    fifth = len(negatives) // 5
    splits["train"] = pd.concat([splits["train"][_KEPT], extra, negatives.iloc[fifth:]], ignore_index=True)
    valid = _measured(splits["valid"])[[*_KEPT, *_RAW]]
    splits["valid"] = pd.concat([valid, negatives.iloc[:fifth]], ignore_index=True)
    splits["test"] = splits["test"][_KEPT]

    for name in SPLITS:
        splits[name].to_parquet(out / f"{name}.parquet", index=False)
    chat.iloc[wanted:][["text"]].to_parquet(out / "chat.parquet", index=False)
    info = DatasetInfo(
        name="generated" if all_generated else "labelled",
        version=_version(splits),
        source_version=data_version(data_dir),
        rows={name: len(rows) for name, rows in splits.items()},
        sources={str(k): int(v) for k, v in _family(annotations["source"]).value_counts().items()},
        positives={name: _count(rows, value=True) for name, rows in splits.items()},
        negatives={name: _count(rows, value=False) for name, rows in splits.items()},
        generated_rows_in_train=len(extra),
        chat_negatives=len(negatives),
        quarantined={name: table.quarantined for name, table in tables.items()},
        dropped=dropped,
        feedback=_feedback_summary(tables["feedback"].rows.to_pandas()),
    )
    (out / "dataset.json").write_text(info.model_dump_json(indent=2), encoding="utf-8")
    return info


def load_split(folder: Path, split: Split) -> pd.DataFrame:
    """Return one split of the data set prepared in `folder`; labels are nullable booleans."""
    return _typed(pd.read_parquet(folder / f"{split}.parquet"))


def reference_rows(folder: Path) -> pd.DataFrame:
    """Return the validation rows of the data set in `folder` that live messages may be compared with.

    They are the labelled ones: no chat taken as weak negatives, and no generated rows unless all are generated. Their
    ``raw_length`` and ``raw_language`` are never null.
    """
    valid = load_split(folder, "valid")
    valid = valid[valid["raw_length"].notna()]
    if load_info(folder).name == "labelled":
        valid = valid[~valid["source"].str.startswith(SOURCE_PREFIX)]
    return valid.astype({"raw_length": "int64"})


def load_info(folder: Path) -> DatasetInfo:
    """Return the description of the data set prepared in `folder`."""
    return DatasetInfo.model_validate_json((folder / "dataset.json").read_bytes())


def markdown_summary(info: DatasetInfo) -> str:
    """Return the description of a data set as Markdown."""
    labels = "\n".join(
        f"| {column} | "
        + " | ".join(f"{info.positives[s][column]} / {info.negatives[s][column]}" for s in SPLITS)
        + " |"
        for column in COLUMNS
    )
    dropped = [f"- dropped, {reason}: {count}" for reason, count in info.dropped.items()]
    quarantined = [f"- quarantined {t}, {why}: {n}" for t, rows in info.quarantined.items() for why, n in rows.items()]
    rows = ", ".join(f"{count} {name}" for name, count in info.rows.items())
    return (
        f"# Data `{info.name}` version `{info.version}`\n\n{rows}; in train "
        f"{info.generated_rows_in_train} generated rows; {info.chat_negatives} chat messages as weak negatives.\n\n"
        "| positives / negatives | train | valid | test |\n"
        f"| --- | ---: | ---: | ---: |\n{labels}\n\n" + "\n".join(dropped + quarantined) + "\n"
    )


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype(dict.fromkeys(COLUMNS, "boolean"))


def _measured(rows: pd.DataFrame) -> pd.DataFrame:
    """Length and language as the gateway measures those of live messages: before masking and normalising."""
    length = rows["raw"].str.len().astype("Int64")
    return rows.assign(raw_length=length, raw_language=rows["raw"].map(detect_language))


def _family(source: pd.Series[str]) -> pd.Series[str]:
    return source.where(~source.str.startswith(SOURCE_PREFIX), "generated")


def _generated(count: int, seed: int, seen: set[str]) -> pd.DataFrame:
    if not count:
        return _typed(pd.DataFrame(columns=_KEPT))
    rows, _ = clean(_typed(generate_annotations(count, seed)))
    return rows[~rows["key"].isin(seen)][_KEPT]


def _unreported(chat: pd.DataFrame, feedback: pd.DataFrame) -> pd.DataFrame:
    reported = set(feedback.loc[feedback["report"], "message_id"])
    return chat[~chat["message_id"].isin(reported)]


def _weak_negatives(chat: pd.DataFrame) -> pd.DataFrame:
    """Everyday messages that nobody reported: taken as negative for all but `toxicity`, since people swear in chat.

    They tell the rare categories, which few sources label, what ordinary text looks like.
    """
    labels = dict.fromkeys(COLUMNS, False) | {"toxicity": None}
    return _typed(chat[["text", "key"]].assign(language="en", source="chat_logs", **labels))[_KEPT]


def _count(rows: pd.DataFrame, *, value: bool) -> dict[str, int]:
    return {column: int((rows[column] == value).sum()) for column in COLUMNS}


def _feedback_summary(feedback: pd.DataFrame) -> dict[str, float]:
    ratings = feedback["rating"].dropna()
    summary = {"rows": float(len(feedback)), "reports_share": float(feedback["report"].mean())}
    return summary | ({"mean_rating": float(ratings.mean())} if len(ratings) else {})


def _version(splits: Mapping[Split, pd.DataFrame]) -> str:
    digest = hashlib.sha256()
    for name, rows in splits.items():
        labels: Any = rows[["text", *COLUMNS]].astype(str)
        digest.update(name.encode())
        digest.update(pd.util.hash_pandas_object(labels, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:12]
