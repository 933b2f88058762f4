import daft
import pandas as pd
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.data.sampling import sample, strata


def table(rows: int) -> pd.DataFrame:
    """One row in fifty is self-harm, in Portuguese; the others are clean English."""
    rare = [n % 50 == 0 for n in range(rows)]
    labels: dict[str, list[bool | None]] = {column: [False] * rows for column in COLUMNS}
    labels["self_harm"] = list(rare)
    languages = ["pt" if r else "en" for r in rare]
    return pd.DataFrame({"id": [f"r{n}" for n in range(rows)], "language": languages, **labels}).astype(
        dict.fromkeys(COLUMNS, "boolean")
    )


def drawn(rows: pd.DataFrame, limit: int | None, seed: int) -> pd.DataFrame:
    return sample(daft.from_pandas(rows), limit, seed, by="id").to_pandas()


def test_no_limit_keeps_everything() -> None:
    rows = table(100)
    assert drawn(rows, None, 0)["id"].tolist() == drawn(rows, 100, 0)["id"].tolist() == rows["id"].tolist()


def test_sampling_is_repeatable_in_any_order_and_without_replacement() -> None:
    rows = table(1000)
    first, shuffled, other = (
        set(drawn(rows, 200, 1)["id"]),
        set(drawn(rows.sample(frac=1, random_state=0), 200, 1)["id"]),
        set(drawn(rows, 200, 2)["id"]),
    )
    assert first == shuffled != other
    assert len(first) == 200


def test_thin_strata_are_kept_more_often() -> None:
    rows = table(5000)
    assert drawn(rows, 500, 0)["self_harm"].mean() > 3 * rows["self_harm"].mean()


def test_the_columns_stay_as_they_are() -> None:
    assert list(drawn(table(60), 50, 0).columns) == ["id", "language", *COLUMNS]


def test_a_stratum_is_language_rarest_category_and_label_density() -> None:
    rows = table(51)
    rows.loc[[0, 1, 2], "toxicity"] = True
    rows.loc[3, list(COLUMNS[1:])] = pd.NA
    assert strata(rows, ["self_harm", "toxicity", *COLUMNS]).iloc[[0, 1, 3, 4]].tolist() == [
        "pt/self_harm/dense",
        "en/toxicity/dense",
        "en/none",
        "en/none/dense",
    ]
