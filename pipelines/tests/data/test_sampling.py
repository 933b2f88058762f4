import pandas as pd
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.data.sampling import sample, strata


def table(rows: int) -> pd.DataFrame:
    """One row in fifty is self-harm, in Portuguese; the others are clean English."""
    rare = [n % 50 == 0 for n in range(rows)]
    labels: dict[str, list[bool | None]] = {column: [False] * rows for column in COLUMNS}
    labels["self_harm"] = list(rare)
    return pd.DataFrame({"language": ["pt" if r else "en" for r in rare], **labels}).astype(
        dict.fromkeys(COLUMNS, "boolean")
    )


def test_no_limit_keeps_everything() -> None:
    rows = table(100)
    assert sample(rows, None, 0).equals(rows)
    assert sample(rows, 100, 0).equals(rows)


def test_sampling_is_repeatable_without_replacement_and_keeps_order() -> None:
    rows = table(1000)
    first, again, other = (sample(rows, 200, seed).index for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
    assert first.is_unique
    assert first.is_monotonic_increasing
    assert len(first) == 200


def test_thin_strata_are_kept_more_often() -> None:
    rows = table(5000)
    assert sample(rows, 500, 0)["self_harm"].mean() > 3 * rows["self_harm"].mean()


def test_a_stratum_is_language_rarest_category_and_label_density() -> None:
    rows = table(51)
    rows.loc[[0, 1, 2], "toxicity"] = True
    rows.loc[3, list(COLUMNS[1:])] = pd.NA
    assert strata(rows).iloc[[0, 1, 3, 4]].tolist() == [
        "pt/self_harm/dense",
        "en/toxicity/dense",
        "en/none",
        "en/none/dense",
    ]
