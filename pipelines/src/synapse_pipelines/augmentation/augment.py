"""Augment a prepared data set: generated rows into train and validation, and a functional test set beside them."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pandas as pd
from pydantic import BaseModel, ConfigDict
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.bank_splits import bank_rows, missing_labels
from synapse_pipelines.augmentation.obfuscation import TRICKS, obfuscate, without_spaces
from synapse_pipelines.augmentation.overlap import OverlapGuard
from synapse_pipelines.augmentation.rows import children, joined, typed
from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.data.prepare import DatasetInfo, load_info, load_split
from synapse_pipelines.progress import Event, OnEvent
from synapse_pipelines.settings import Recipe

FUNCTIONAL: Final = "functional.parquet"
INFO: Final = "augmentation.json"
REAL: Final = "real"
"""In counts by method: the rows that came in."""

_ROWS_OF_A_LINE: Final = 2  # in the functional test set


class AugmentInfo(BaseModel):
    """What augmentation added: content of ``augmentation.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: dict[str, dict[str, int]]
    """By split (``train``, ``valid``, ``functional``), then by method; rows that came in count as ``real``."""
    positives: dict[str, dict[str, dict[str, int]]]
    """Of train: by method, language and label column."""
    dropped: dict[str, dict[str, int]]
    """Rows that were made and not taken, by method and reason."""


def augment_dataset(dataset: Path, recipe: Recipe, out: Path, on_event: OnEvent) -> AugmentInfo:
    """Copy the data set in `dataset` to `out`, with generated rows added as ``recipe.augmentation`` says.

    - ``train.parquet``: phrase-bank rows of train's lines and obfuscated copies of rows.
    - ``valid.parquet``: phrase-bank rows of validation's lines where a category has too few labels in a language to
      choose a threshold by. Their labels of other categories are null, so that these are judged by real rows alone.
    - ``functional.parquet``: phrase-bank rows of test's lines, in the columns of a split; never part of test.
    - ``augmentation.json`` counts what was added and dropped, and ``dataset.json`` tells the new counts.

    Every generated row has ``method`` and a ``source`` that starts with ``generated/``; one made from another row has
    that row's ``key`` as ``parent_id``. The test split stays as it is, and no generated row repeats one of it.

    Where the data set is generated itself, phrase-bank rows are its data already and none are added.

    Raises:
        DataError: the data set cannot be read.
    """
    settings = recipe.augmentation
    info = load_info(dataset)
    shutil.copytree(dataset, out, dirs_exist_ok=True)
    splits = {name: typed(load_split(dataset, name)) for name in ("train", "valid", "test")}
    guard = OverlapGuard(pd.concat([splits["valid"]["text"], splits["test"]["text"]]))
    dropped: dict[str, Counter[str]] = {}

    on_event(Event("augment", "running", "phrase banks"))
    generated = info.name == "generated"
    wanted = 0 if generated else settings.template_rows
    banks = bank_rows(wanted, recipe.seed)
    pool = banks["train"] if wanted else banks["train"].head(0)
    added = [_apart(pool, splits["train"], guard, dropped.setdefault("template", Counter())).head(wanted)]

    on_event(Event("augment", "running", "spelling tricks"))
    known = joined(splits["train"], *added)
    hidden = _obfuscated(known, settings.obfuscated_share, recipe.seed)
    added.append(_apart(hidden, known, guard, dropped.setdefault("obfuscation", Counter())))

    train = joined(splits["train"], *added)
    fill = missing_labels(splits["valid"], banks["valid"], 0 if generated else settings.valid_labels)
    valid = joined(splits["valid"], fill[~fill["key"].isin(train["key"])])
    functional = banks["test"][~banks["test"]["key"].isin(set(train["key"]) | set(valid["key"]))]
    functional = functional.groupby("source", sort=False).head(_ROWS_OF_A_LINE)

    written = {"train": train, "valid": valid, "functional": functional}
    for name, rows in written.items():
        rows.to_parquet(out / f"{name}.parquet", index=False)
    (out / "dataset.json").write_text(_recounted(info, written).model_dump_json(indent=2), encoding="utf-8")
    found = AugmentInfo(
        rows={name: _counts(rows["method"].fillna(REAL)) for name, rows in written.items()},
        positives=_positives(train),
        dropped={method: counts for method, reasons in dropped.items() if (counts := _counts(reasons))},
    )
    (out / INFO).write_text(found.model_dump_json(indent=2), encoding="utf-8")
    return found


def load_augmentation(folder: Path) -> AugmentInfo:
    """Return what `augment_dataset` wrote into `folder`."""
    return AugmentInfo.model_validate_json((folder / INFO).read_bytes())


def markdown_summary(info: AugmentInfo) -> str:
    """Return what augmentation added as Markdown."""
    methods = sorted({method for counts in info.rows.values() for method in counts})
    table = "\n".join(
        f"| {method} | " + " | ".join(str(info.rows[split].get(method, 0)) for split in info.rows) + " |"
        for method in methods
    )
    lost = [f"- {method}, {reason}: {n}" for method, reasons in info.dropped.items() for reason, n in reasons.items()]
    head = " | ".join(info.rows)
    return (
        f"# Augmentation\n\n| rows | {head} |\n| --- |{' ---: |' * len(info.rows)}\n{table}\n\n"
        "Made and dropped:\n\n" + ("\n".join(lost) or "- none") + "\n"
    )


def _apart(rows: pd.DataFrame, known: pd.DataFrame, guard: OverlapGuard, dropped: Counter[str]) -> pd.DataFrame:
    """Drop what `known` has already or what repeats a held-out row."""
    repeated = rows["key"].isin(known["key"]) | rows.duplicated("key")
    held_out = ~repeated & rows["text"].map(guard.overlaps).astype(bool)
    dropped.update({"already in train": int(repeated.sum()), "repeats a held-out row": int(held_out.sum())})
    return rows[~(repeated | held_out)].reset_index(drop=True)


def _obfuscated(rows: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Hide words in copies of a share of `rows`, the same share of harmful and of harmless ones.

    Were only harmful rows hidden, a hidden word alone would come to mean harm.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable data, no secrets
    harmful = rows[list(COLUMNS)].fillna(value=False).any(axis=1)
    parents = rows.groupby(harmful, sort=True).sample(frac=share, random_state=seed).sort_index()
    hide = [*sorted(TRICKS), None]
    texts = [
        without_spaces(text, rng) if (trick := rng.choice(hide)) is None else obfuscate(text, rng, trick=trick)
        for text in parents["text"]
    ]
    changed = parents["text"].to_numpy() != texts
    return children(parents, texts, "obfuscation")[changed].reset_index(drop=True)


def _recounted(info: DatasetInfo, written: dict[str, pd.DataFrame]) -> DatasetInfo:
    """The description of the data set with the counts, and a version, of what training now reads."""
    digest = hashlib.sha256(info.version.encode())
    for rows in written.values():
        digest.update(
            pd.util.hash_pandas_object(rows[["text", *COLUMNS]].astype(str), index=False).to_numpy().tobytes()
        )
    changed = {name: written[name] for name in ("train", "valid")}
    return info.model_copy(
        update={
            "version": digest.hexdigest()[:12],
            "rows": info.rows | {name: len(rows) for name, rows in changed.items()},
            "positives": info.positives | {name: _labels(rows, value=True) for name, rows in changed.items()},
            "negatives": info.negatives | {name: _labels(rows, value=False) for name, rows in changed.items()},
            "generated_rows_in_train": int(written["train"]["source"].str.startswith(SOURCE_PREFIX).sum()),
        }
    )


def _labels(rows: pd.DataFrame, *, value: bool) -> dict[str, int]:
    return {column: int((rows[column] == value).sum()) for column in COLUMNS}


def _counts(values: Iterable[str] | Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(Counter(values).items()) if count}


def _positives(rows: pd.DataFrame) -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = {}
    for method, of_method in rows.groupby(rows["method"].fillna(REAL)):
        found[str(method)] = {
            str(language): _labels(own, value=True) for language, own in of_method.groupby("language")
        }
    return found
