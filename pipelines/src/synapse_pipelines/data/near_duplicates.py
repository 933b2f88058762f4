"""Near duplicates: texts that share most of their character trigrams, found without comparing all pairs.

Method: MinHash signatures (Broder, 1997) cut into bands (Leskovec, Rajaraman and Ullman, 2014, chapter 3); texts that
agree in a band are candidates, and what decides is the true Jaccard similarity of their trigrams.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Final

import daft
import numpy as np
import pyarrow as pa
from daft import DataFrame, DataType, Expression, col, lit
from daft.functions import fill_null, minhash, regexp_replace, replace, rstrip, startswith
from numpy.typing import NDArray
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.data.stage import Stage, Staged

_HASHES: Final = 128
_MANY_HASHES: Final = 448
_MANY_ROWS: Final = 200_000  # where the time of more hashes and that of more comparisons are about equal
_MISS_RATE: Final = 1e-4
_ENTRIES_PER_BUCKET: Final = 2_000_000
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)  # odd, of well spread bits: 2**64 over the golden ratio


@dataclass
class Dropped:
    """Rows (hashes of their keys) that are near duplicates of rows that stay."""

    crossing: set[int] = field(default_factory=set)
    """Of a row in another split."""
    within: set[int] = field(default_factory=set)
    """Of a row in the same split."""

    def __contains__(self, row: int) -> bool:
        return row in self.crossing or row in self.within

    @property
    def rows(self) -> DataFrame:
        """The rows as a table of one column, ``row``."""
        return daft.from_arrow(pa.table({"row": pa.array(sorted(self.crossing | self.within), pa.uint64())}))


def trigrams(key: str) -> frozenset[str]:
    """Return the set of sequences of three characters in `key`; a shorter key is its own only one."""
    return frozenset(key[at : at + 3] for at in range(max(1, len(key) - 2)))


def bands_for(threshold: float, count: int) -> tuple[int, int]:
    """Return bands and hashes per band: the fewest bands that miss a pair of similarity `threshold` once in 10,000.

    Pairs that agree in a band by chance grow with the square of the `count` of rows. Large tables get more hashes,
    hence longer bands, in which some twenty times fewer agree.
    """
    hashes = _MANY_HASHES if count >= _MANY_ROWS else _HASHES
    for length in range(hashes, 1, -1):
        bands = hashes // length
        if (1 - threshold**length) ** bands <= _MISS_RATE:
            return bands, length
    return hashes, 1


def find_near_duplicates(unique: Staged, count: int, threshold: float, stage: Stage) -> Dropped:
    """Return which of the `count` rows of `unique` go, so that no two rows left of different splits are that similar.

    `unique` has ``row`` (a hash of the key, unique), ``key``, ``order`` (who stays: the lower), ``split``, ``source``
    and the labels. Within a split a near duplicate goes, too, but for two cases: labels that contradict each other,
    since such pairs teach what makes the difference; and rows generated as variants, since they are meant to be alike.
    """
    bands, length = bands_for(threshold, count)
    buckets = 1 + count * bands // _ENTRIES_PER_BUCKET
    entries = stage.write(_band_entries(unique.all, bands, length), "bands", col("band"), buckets)
    dropped = Dropped()
    for _, bucket in entries.buckets():
        groups = list(_groups(bucket))
        if groups:
            _compare(groups, unique.all, threshold, dropped)
    return dropped


def _band_entries(rows: DataFrame, bands: int, length: int) -> DataFrame:
    @daft.func.batch(return_dtype=DataType.list(DataType.uint64()))
    def band_keys(signatures: daft.Series) -> list[NDArray[np.uint64]]:
        return list(_band_keys(signatures.to_arrow(), bands, length))

    # Daft takes what stands between spaces for a token: put spaces between the characters.
    characters = rstrip(regexp_replace(replace(col("key"), " ", "_"), "(.)", "$1 "))
    signature = minhash(characters, num_hashes=bands * length, ngram_size=3, hash_function="xxhash")
    return rows.select("row", band_keys(signature).alias("band")).explode("band")


def _band_keys(signatures: pa.Array, bands: int, length: int) -> NDArray[np.uint64]:
    """Fold the hashes of each band and the band's number into one number: shape [rows, bands]."""
    values = signatures.flatten().to_numpy(zero_copy_only=False).reshape(-1, bands, length).astype(np.uint64)
    keys = np.broadcast_to(np.arange(bands, dtype=np.uint64), values.shape[:2]).copy()
    for position in range(length):
        keys = (keys ^ values[:, :, position]) * _MIX
        keys ^= keys >> np.uint64(32)
    return keys


def _groups(bucket: DataFrame) -> Iterator[NDArray[np.uint64]]:
    """Rows that agree in a band, wherever there are several; groups in a fixed order."""
    table = bucket.to_arrow()
    row, band = table["row"].to_numpy(), table["band"].to_numpy()
    order = np.lexsort((row, band))
    row, band = row[order], band[order]
    edges = np.flatnonzero(np.r_[True, band[1:] != band[:-1], True])
    several = np.flatnonzero(np.diff(edges) > 1)  # most bands have a single row
    for start, stop in zip(edges[several], edges[several + 1], strict=True):
        yield row[start:stop]


@dataclass(frozen=True)
class _Candidate:
    """What decides about a row that looks like others."""

    row: int
    key: str
    order: int
    split: str
    generated: bool
    positive: int
    """A bit for each category known to be true."""
    negative: int

    def may_stay_beside(self, other: _Candidate) -> bool:
        """Whether both rows stay even if they are near duplicates."""
        if self.split != other.split:
            return False
        contradict = self.positive & other.negative or self.negative & other.positive
        return bool(contradict) or (self.generated and other.generated)


def _candidates(rows: DataFrame, wanted: NDArray[np.uint64]) -> dict[int, _Candidate]:
    known = rows.join(daft.from_arrow(pa.table({"row": wanted})), on="row", how="semi").select(
        "row",
        "key",
        "order",
        "split",
        startswith(col("source"), SOURCE_PREFIX).alias("generated"),
        _bits(value=True).alias("positive"),
        _bits(value=False).alias("negative"),
    )
    columns = known.to_pydict()
    return {row: _Candidate(*values) for row, *values in zip(columns["row"], *columns.values(), strict=True)}


def _bits(*, value: bool) -> Expression:
    known = (col(column) if value else ~col(column) for column in COLUMNS)
    bits = (fill_null(each, lit(value=False)).cast(DataType.int64()) * (1 << i) for i, each in enumerate(known))
    return reduce(add, bits)


def _compare(groups: list[NDArray[np.uint64]], rows: DataFrame, threshold: float, dropped: Dropped) -> None:
    """Go through the groups, best row first; drop each row that is too similar to a better one that stays."""
    known = _candidates(rows, np.unique(np.concatenate(groups)))
    apart: set[tuple[int, int]] = set()  # pairs met in an earlier group
    for group in groups:
        present = sorted((known[row] for row in group.tolist() if row not in dropped), key=_best_first)
        stay: list[tuple[_Candidate, frozenset[str]]] = []
        for item in present:
            grams = trigrams(item.key)
            for better, others in stay:
                pair = (better.row, item.row)
                if pair in apart or item.may_stay_beside(better):
                    continue
                if _jaccard(grams, others) >= threshold:
                    (dropped.within if item.split == better.split else dropped.crossing).add(item.row)
                    break
                apart.add(pair)
            else:
                stay.append((item, grams))


def _best_first(item: _Candidate) -> tuple[int, int]:
    return item.order, item.row


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
