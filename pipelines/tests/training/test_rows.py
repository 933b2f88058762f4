from pathlib import Path

import pandas as pd
import pytest
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.augmentation.rows import ADDED, typed
from synapse_pipelines.data.split import Split
from synapse_pipelines.errors import DataError
from synapse_pipelines.training.model import load_tokenizer
from synapse_pipelines.training.rows import read_split, training_rows


def table(**columns: object) -> pd.DataFrame:
    labels = {name: pd.array([True, False, None], dtype="boolean") for name in COLUMNS}
    return pd.DataFrame({"text": ["one", "two words", "three"], **labels, **columns})


def write(folder: Path, rows: pd.DataFrame) -> Path:
    rows.to_parquet(folder / "train.parquet")
    return folder


def test_rows_are_read_with_whatever_columns_others_need(tmp_path: Path) -> None:
    rows = table(method=["llm", None, None], obfuscated=[True, False, False], weight=[0.5, None, 2.0])
    assert list(read_split(write(tmp_path, rows), "train").columns) == list(rows.columns)


@pytest.mark.parametrize("spam", [[True, False, True], [True, None, None], [0.2, 0.9, None], [None, None, None]])
def test_a_label_outside_the_taxonomy_is_named(tmp_path: Path, spam: list[object]) -> None:
    with pytest.raises(DataError, match=r"train\.parquet has .* outside the taxonomy: spam; labels are toxicity"):
        read_split(write(tmp_path, table(spam=spam)), "train")


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_all_columns_of_prepared_and_augmented_data_are_known(dataset: Path, tmp_path: Path, split: Split) -> None:
    rows = read_split(dataset, split)
    typed(rows).to_parquet(tmp_path / f"{split}.parquet")
    assert set(read_split(tmp_path, split).columns) == {*rows.columns, *ADDED}


@pytest.mark.parametrize("wrong", [[0.5, 1.5, None], [-0.1, None, 0.0], ["yes", "no", None]])
def test_a_label_that_is_no_share_is_counted(tmp_path: Path, wrong: list[object]) -> None:
    count = 2 if "yes" in wrong else 1
    with pytest.raises(DataError, match=rf"{count} labels of hate are not within 0 and 1"):
        read_split(write(tmp_path, table(hate=wrong)), "train")


def test_a_missing_file_column_or_row_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_split(tmp_path, "train")
    with pytest.raises(DataError, match="lacks the columns illicit, text"):
        read_split(write(tmp_path, table().drop(columns=["text", "illicit"])), "train")
    with pytest.raises(DataError, match="has no rows"):
        read_split(write(tmp_path, table().head(0)), "train")


def test_weights_default_to_one(small_encoder: Path) -> None:
    tokenizer = load_tokenizer(str(small_encoder))
    assert training_rows(table(), tokenizer, 16).weight.tolist() == [1.0, 1.0, 1.0]
    assert training_rows(table(weight=[0.5, None, 2.0]), tokenizer, 16).weight.tolist() == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("wrong", [-1.0, float("inf")])
def test_a_weight_that_is_none_is_refused(small_encoder: Path, wrong: float) -> None:
    with pytest.raises(DataError, match="weight"):
        training_rows(table(weight=[1.0, wrong, 1.0]), load_tokenizer(str(small_encoder)), 16)


def test_categories_without_positives_are_named_by_their_public_names(small_encoder: Path) -> None:
    rows = table(self_harm=[False, None, None], illicit=[None, None, None])
    with pytest.raises(DataError, match="no positive example of self-harm, illicit;"):
        training_rows(rows, load_tokenizer(str(small_encoder)), 16)


def test_the_digest_follows_texts_labels_and_weights(small_encoder: Path) -> None:
    tokenizer = load_tokenizer(str(small_encoder))
    tables = [
        table(),
        table(),
        table(text=["one", "two words", "3"]),
        table(hate=[True, True, None]),
        table(weight=0.5),
    ]
    digests = [training_rows(rows, tokenizer, 16).digest() for rows in tables]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4
