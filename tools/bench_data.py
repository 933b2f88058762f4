"""Peak memory of preparing a large table, against the size of the table itself.

``python -m tools.bench_data [ROWS]`` writes ROWS made-up annotations to disk part by part, and prepares them in a
process of its own. The texts are of random words, with one row in twenty an exact and one a near copy of another, since
texts from templates would be near duplicates of one another.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.data.generate import write_tables

from tools.bench import record

_PART: Final = 100_000
_WORDS: Final = 35
_SYLLABLES: Final = [a + b + c for a in "bcdfghlmnprstvz" for b in "aeiou" for c in ("", "l", "n", "r", "s", "t")]
_PREPARE: Final = """
import json, resource, sys, time
from pathlib import Path
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.recipe import Recipe
imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
prepare_dataset(Path(sys.argv[1]), Recipe(), Path(sys.argv[2]))
used = resource.getrusage(resource.RUSAGE_SELF)
report = json.loads((Path(sys.argv[2]) / "data_report.json").read_bytes())
print("@" + json.dumps({
    "seconds": time.perf_counter() - began,
    "cpu_seconds": used.ru_utime + used.ru_stime,
    "imported_mib": imported / 1024,
    "peak_mib": used.ru_maxrss / 1024,
    "flow": report["flows"]["annotations"],
}))
"""


def _texts(rng: random.Random) -> Any:
    vocabulary = ["".join(rng.choices(_SYLLABLES, k=rng.randint(1, 3))) for _ in range(50_000)]
    last = ["the first words of all"]
    for number in count():
        if number % 20 == 0:
            yield " ".join(last)
        elif number % 20 == 1:
            yield " ".join([*last[:-1], "otherwise"])
        else:
            last = rng.choices(vocabulary, k=_WORDS)
            yield " ".join(last)


def write_table(folder: Path, rows: int) -> int:
    """Write the tables, `rows` annotations among them; return the bytes of these in memory."""
    write_tables(folder, annotations=100, messages=2_000, seed=1)
    (folder / "annotations.parquet").unlink()
    (folder / "annotations").mkdir()
    rng = random.Random(1)  # noqa: S311 - repeatable data, no secrets
    texts = _texts(rng)
    size = 0
    for part, start in enumerate(range(0, rows, _PART)):
        lines = list(islice(texts, min(_PART, rows - start)))
        frame = pd.DataFrame({"text": lines})
        frame["id"] = [hashlib.sha256(f"{start + n}".encode()).hexdigest()[:20] for n in range(len(lines))]
        frame["language"] = ["en" if n % 2 else "pt" for n in range(len(lines))]
        frame = frame.assign(source="bench", license="CC0-1.0", annotator_count=1, label_quality="gold")
        frame = frame.assign(**{name: [n % 7 == i for n in range(len(lines))] for i, name in enumerate(COLUMNS)})
        table = pa.Table.from_pandas(frame, preserve_index=False)
        size += table.nbytes
        pq.write_table(table, folder / "annotations" / f"{part:04}.parquet")
    return size


def main() -> None:
    """Measure, and record."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    work = Path(tempfile.mkdtemp(prefix="bench-data-"))
    try:
        table_bytes = write_table(work / "tables", rows)
        command = [sys.executable, "-c", _PREPARE, str(work / "tables"), str(work / "out")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        figures = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("@"))[1:])
        on_disk = sum(file.stat().st_size for file in (work / "tables" / "annotations").iterdir())
    finally:
        shutil.rmtree(work)
    sizes = {"rows": rows, "table_mib": table_bytes / 2**20, "table_on_disk_mib": on_disk / 2**20}
    record("data", sizes | figures)


if __name__ == "__main__":
    main()
