"""Augment a prepared data set: generated rows into train and validation, and a functional test set beside them."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pandas as pd
from pydantic import BaseModel, ConfigDict
from synapse_common.bundle import Bundle
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.bank_splits import bank_rows, missing_labels
from synapse_pipelines.augmentation.chat import ChatClient, need_chat
from synapse_pipelines.augmentation.copies import obfuscated_copies, reworded_copies
from synapse_pipelines.augmentation.generators import TemplateGenerator, written_rows
from synapse_pipelines.augmentation.overlap import OverlapGuard, apart
from synapse_pipelines.augmentation.rows import Method, joined, typed
from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.data.dataset import DatasetInfo, load_info, load_split
from synapse_pipelines.progress import Event, OnEvent
from synapse_pipelines.recipe import Recipe

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


def augment_dataset(
    dataset: Path,
    recipe: Recipe,
    out: Path,
    on_event: OnEvent,
    *,
    base_encoder: str,
    champion: Bundle | None = None,
    chat: ChatClient | None = None,
) -> AugmentInfo:
    """Copy the data set in `dataset` to `out`, with generated rows added as ``recipe.augmentation`` says.

    - ``train.parquet``: phrase-bank rows of train's lines; rows that a chat model wrote; reworded, back-translated and
      obfuscated copies of rows. Copies that changed meaning or label are dropped (`filter`), to which end
      `base_encoder` and, where there is one, `champion` read them.
    - ``valid.parquet``: phrase-bank rows of validation's lines where a category has too few labels in a language to
      choose a threshold by. Their labels of other categories are null, so that these are judged by real rows alone.
    - ``functional.parquet``: phrase-bank rows of test's lines, in the columns of a split; never part of test.
    - ``augmentation.json`` counts what was added and dropped, and ``dataset.json`` tells the new counts.

    Every generated row has ``method`` and a ``source`` that starts with ``generated/``; one made from another row has
    that row's ``key`` as ``parent_id``. The test split stays as it is, and no generated row repeats one of it.

    Where the data set is generated itself, phrase-bank rows are its data already and none are added.

    Raises:
        AugmentationError: the recipe asks for a model or a chat upstream that is not there.
        TrainingError: the base encoder cannot be used.
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
    train = splits["train"]
    people = train[train["method"].isna()]

    def take(rows: pd.DataFrame, method: Method, reasons: Counter[str], most: int | None = None) -> None:
        nonlocal train
        fresh, repeats = apart(rows, train, guard)
        train = joined(train, fresh.head(len(fresh) if most is None else most))
        dropped[method] = dropped.get(method, Counter()) + reasons + repeats

    take(pool, "template", Counter(), wanted)
    if settings.llm_rows:
        on_event(Event("augment", "running", "rows by the chat upstream"))
        rows, reasons = written_rows(settings.llm_rows, need_chat(chat), recipe.seed)
        take(rows, "llm", reasons, settings.llm_rows)
    for method, rows, reasons in reworded_copies(people, settings, recipe.seed, base_encoder, champion, chat, on_event):
        take(rows, method, reasons)
    on_event(Event("augment", "running", "spelling tricks"))
    take(obfuscated_copies(train, settings.obfuscated_share, recipe.seed), "obfuscation", Counter())

    pool, _ = apart(banks["valid"], train, guard)
    fill = missing_labels(splits["valid"], TemplateGenerator(pool), 0 if generated else settings.valid_labels)
    valid = joined(splits["valid"], fill)
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
