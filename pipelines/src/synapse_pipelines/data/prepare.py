"""Prepare the moderation data set: load, validate, clean, remove duplicates, split, sample, version, write."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np
from daft import DataFrame, DataType, col
from daft.functions import startswith
from numpy.typing import NDArray
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.data.dataset import REPORT_FILE, DatasetInfo
from synapse_pipelines.data.duplicates import unique_rows
from synapse_pipelines.data.engine import equals, explained, start_engine
from synapse_pipelines.data.flow import Flow
from synapse_pipelines.data.near_duplicates import Dropped, find_near_duplicates
from synapse_pipelines.data.report import build_report, html_report
from synapse_pipelines.data.rows import CHAT, EVERYDAY, all_generated, chat_rows, labelled_rows
from synapse_pipelines.data.sampling import sample
from synapse_pipelines.data.sources import TABLES, data_version
from synapse_pipelines.data.split import SPLITS
from synapse_pipelines.data.stage import Staged, open_stage
from synapse_pipelines.data.storage import Location
from synapse_pipelines.data.validation import load_table
from synapse_pipelines.data.writing import Chosen, Written, write_splits
from synapse_pipelines.errors import DataError
from synapse_pipelines.recipe import Recipe


def prepare_dataset(data_dir: Location, recipe: Recipe, out: Path) -> DatasetInfo:
    """Write ``train|valid|test.parquet``, ``chat.parquet``, ``dataset.json``, ``quarantine/`` and a report into `out`.

    The split files have the columns text, key, language, source, the eight nullable labels, and label_quality.
    Validation and test hold labelled rows of the source tables. Of the chat messages taken as weak negatives a fifth
    goes to validation, where thresholds are chosen, none to test. There are no weak negatives where the tables are
    generated: chat is then made of the very sentences that test consists of.

    Validation also has ``raw_length`` (characters) and ``raw_language`` (detected) of its labelled rows' texts as they
    came in, before cleaning; `reference_rows` selects by them. The texts themselves may hold PII and are not kept.

    Rows go from file to file in parts, so the tables need not fit into memory. The result depends on the content of
    the tables and on the recipe alone, not on the order of rows or the number of cores.

    Raises:
        DataError: a table is missing or unusable, a split ends up empty, or train has no row of one of the recipe's
            languages.
    """
    engine = start_engine()
    out.mkdir(parents=True, exist_ok=True)
    tables = {name: load_table(data_dir, name, out / "quarantine") for name in TABLES}
    with explained(f"prepare the data of {data_dir}"), open_stage(engine.stage or str(out)) as stage:
        labelled = labelled_rows(tables["annotations"], recipe)
        generated = all_generated(labelled.rows)
        negatives = 0 if generated else recipe.chat_negatives
        chat = chat_rows(tables["chat_logs"], tables["feedback"], negatives, recipe.chat_sample, recipe.seed)
        unique = unique_rows(labelled, chat, recipe, stage)
        dropped = find_near_duplicates(unique.rows, unique.count, recipe.cleaning.near_duplicate_threshold, stage)
        written = write_splits(unique.rows, dropped, _chosen(unique.rows, dropped, recipe, negatives), out)
        ratings = _feedback_summary(tables["feedback"].rows)
    _check(written, recipe)
    flows = {
        name: Flow(
            came_in=tables[name].total,
            quarantined=tables[name].quarantined,
            left_out=_positive(drawn.left_out + unique.left_out[is_chat] + written.left_out[is_chat]),
            used=_positive(written.chat if is_chat else written.rows - written.chat),
        )
        for name, drawn, is_chat in (("annotations", labelled, False), ("chat_logs", chat, True))
    }
    info = DatasetInfo(
        name="generated" if generated else "labelled",
        version=written.version,
        source_version=data_version(data_dir),
        rows={name: written.rows[name] for name in SPLITS},
        sources=_sources(written),
        licences=_licences(tables["annotations"].rows) | _licences(tables["chat_logs"].rows, CHAT),
        positives=_labels(written, 0),
        negatives=_labels(written, 1),
        generated_rows_in_train=written.generated_in_train,
        chat_negatives=sum(written.chat[name] for name in SPLITS),
        quarantined={name: table.quarantined for name, table in tables.items()},
        dropped=flows["annotations"].left_out,
        feedback=ratings,
    )
    (out / "dataset.json").write_text(info.model_dump_json(indent=2), encoding="utf-8")
    report = build_report(info, flows, unique.languages, written, out / "quarantine")
    (out / "data_report.json").write_text(report.model_dump_json(indent=2), encoding="utf-8")
    (out / REPORT_FILE).write_text(html_report(report), encoding="utf-8")
    return info


def _chosen(unique: Staged, dropped: Dropped, recipe: Recipe, negatives: int) -> Chosen:
    """The rows within the limits, for the parts of the data set that have one."""
    rows = unique.all.join(dropped.rows, on="row", how="anti")
    limits = {"train": recipe.max_train_rows, "valid": recipe.max_valid_rows, "test": recipe.max_test_rows}
    chosen: dict[tuple[bool, str], NDArray[np.uint64]] = {}
    for split, limit in limits.items():
        if limit is not None:
            part = rows.where(~col("chat") & equals(col("split"), split))
            chosen[False, split] = _identities(sample(part, limit, recipe.seed, by="row"))
    wanted = {"valid": negatives // 5, "train": negatives - negatives // 5, EVERYDAY: recipe.chat_sample}
    for side, limit in wanted.items():
        chosen[True, side] = _identities(rows.where(col("chat") & equals(col("split"), side)).sort("draw").limit(limit))
    return chosen


def _identities(rows: DataFrame) -> NDArray[np.uint64]:
    return np.array(rows.select("row").to_pydict()["row"], dtype=np.uint64)


def _check(written: Written, recipe: Recipe) -> None:
    for split in SPLITS:
        if not written.rows[split] - written.chat[split]:
            raise DataError(f"the {split} split is empty: {written.rows.total()} usable rows are too few")
    found = {language for (split, source, language) in written.counts if split == "train" and source != CHAT}
    if missing := [language for language in recipe.languages if language not in found]:
        raise DataError(
            f"train has no rows in the language {missing[0]}; add labelled rows in it, or leave it out of the "
            "recipe's languages to train a model of one language"
        )


def _positive(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}


def _sources(written: Written) -> dict[str, int]:
    sources: Counter[str] = Counter()
    for (_, source, _), count in written.counts.items():
        sources[source] += count
    del sources[CHAT]
    return dict(sources.most_common())


def _licences(rows: DataFrame, name: str | None = None) -> dict[str, str]:
    """Return the licences of `rows` by their source, or all under one `name`."""
    own = rows.where(~startswith(col("source"), SOURCE_PREFIX)).select("source", "license").distinct().to_pydict()
    found: dict[str, set[str]] = {}
    for source, licence in zip(own["source"], own["license"], strict=True):
        found.setdefault(name or source, set()).add(licence)
    return {source: ", ".join(sorted(licences)) for source, licences in sorted(found.items())}


def _labels(written: Written, side: Literal[0, 1]) -> dict[str, dict[str, int]]:
    """Known labels by split and column: positives (0) or negatives (1)."""
    found: dict[str, dict[str, int]] = {split: dict.fromkeys(COLUMNS, 0) for split in SPLITS}
    for (split, _, _), labels in written.labels.items():
        for column, counts in labels.items():
            found[split][column] += counts[side]
    return found


def _feedback_summary(feedback: DataFrame) -> dict[str, float]:
    report = col("report").cast(DataType.float64())
    found = feedback.agg(
        col("report").count().alias("rows"),
        report.mean().alias("reports_share"),
        col("rating").mean().alias("mean_rating"),
    ).to_pydict()
    return {name: float(values[0]) for name, values in found.items() if values[0] is not None}
