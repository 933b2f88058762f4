"""Row by row validation: a row that does not fit its schema goes to quarantine with the reason."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from synapse_pipelines.data.sources import TABLES, RawRow, find_table, read_rows
from synapse_pipelines.errors import DataError

MAX_QUARANTINED_SHARE = 0.5
"""Above this share the table itself must be wrong (a renamed column, another format), and nothing is trained on it."""


@dataclass(frozen=True)
class ValidTable:
    """The rows of one table that fit its schema, and why the others did not."""

    rows: pd.DataFrame
    quarantined: dict[str, int]
    """Number of quarantined rows by reason."""


def load_table(folder: Path, table: str, quarantine: Path) -> ValidTable:
    """Validate every row of `table` in `folder`; write those that do not fit to ``<quarantine>/<table>.jsonl``.

    Raises:
        DataError: the table is missing, unreadable, empty, or mostly invalid.
    """
    model = TABLES[table]
    file = find_table(folder, table)
    good: list[dict[str, Any]] = []
    bad: list[str] = []
    reasons: Counter[str] = Counter()
    for number, raw in enumerate(read_rows(file), start=1):
        try:
            row = model.model_validate_json(raw) if isinstance(raw, bytes) else model.model_validate(raw)
        except ValidationError as error:
            reason = _reason(error)
            reasons[reason] += 1
            bad.append(_quarantine_line(number, reason, raw))
        else:
            good.append(row.__dict__)
    quarantine.mkdir(parents=True, exist_ok=True)
    (quarantine / f"{table}.jsonl").write_text("".join(bad), encoding="utf-8")
    total = len(good) + len(bad)
    if total == 0:
        raise DataError(f"{file} has no rows")
    if len(bad) > MAX_QUARANTINED_SHARE * total:
        reason, count = reasons.most_common(1)[0]
        raise DataError(f"{len(bad)} of {total} rows of {file} do not fit the schema; most often ({count}): {reason}")
    return ValidTable(rows=pd.DataFrame(good, columns=list(model.model_fields)), quarantined=dict(reasons))


def _reason(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in detail["loc"])
    return f"{where}: {detail['msg']}" if where else detail["msg"]


def _quarantine_line(number: int, reason: str, raw: RawRow) -> str:
    # A line may be broken JSON or not even UTF-8: keep it as text that still shows every byte.
    row = raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else raw
    return json.dumps({"row": number, "reason": reason, "content": row}, default=str, ensure_ascii=False) + "\n"
