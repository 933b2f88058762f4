"""A prepared data set goes in, the same one with generated rows comes out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.augmentation.augment import augment_dataset, load_augmentation, markdown_summary
from synapse_pipelines.augmentation.overlap import OverlapGuard
from synapse_pipelines.augmentation.recipe import AugmentationRecipe
from synapse_pipelines.data.dataset import load_info, load_split, reference_rows
from synapse_pipelines.data.split import split_of
from synapse_pipelines.progress import ignore
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.encoder import packaged_encoder

ENCODER = str(packaged_encoder())


def recipe(**augmentation: object) -> Recipe:
    return Recipe(augmentation=AugmentationRecipe.model_validate(augmentation))


@pytest.fixture(scope="module")
def augmented(labelled_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("augmented")
    augment_dataset(
        labelled_dataset, recipe(template_rows=400, obfuscated_share=0.2), out, ignore, base_encoder=ENCODER
    )
    return out


def test_rows_that_came_in_are_still_there_and_first(labelled_dataset: Path, augmented: Path) -> None:
    for split in ("train", "valid", "test"):
        before, after = load_split(labelled_dataset, split), load_split(augmented, split)
        assert after[list(before.columns)].head(len(before)).astype(object).equals(before.astype(object)), split


def test_the_test_split_is_left_alone(labelled_dataset: Path, augmented: Path) -> None:
    assert (augmented / "test.parquet").read_bytes() == (labelled_dataset / "test.parquet").read_bytes()


def test_train_gets_rows_of_its_own_lines_alone(augmented: Path) -> None:
    train = load_split(augmented, "train")
    templates = train[train["method"] == "template"]
    assert len(templates) == 400
    assert {split_of("", source) for source in templates["source"]} == {"train"}


def test_the_functional_set_is_of_lines_that_nothing_else_uses(augmented: Path) -> None:
    functional = pd.read_parquet(augmented / "functional.parquet")
    assert {split_of("", source) for source in functional["source"]} == {"test"}
    assert functional.groupby("source").size().max() <= 2
    assert not set(functional["key"]) & (
        set(load_split(augmented, "train")["key"]) | set(load_split(augmented, "valid")["key"])
    )


def test_harmful_and_harmless_rows_are_obfuscated_alike(augmented: Path) -> None:
    train = load_split(augmented, "train")
    hidden = train[train["method"] == "obfuscation"]
    parents = train.set_index("key").loc[hidden["parent_id"]]
    assert (hidden["text"].to_numpy() != parents["text"].to_numpy()).all()
    assert hidden[list(COLUMNS)].astype(object).equals(parents[list(COLUMNS)].astype(object).set_axis(hidden.index))
    rest = train[train["method"].fillna("real") != "obfuscation"]
    for harmful in (True, False):
        of_kind = [rows[list(COLUMNS)].fillna(False).any(axis=1) == harmful for rows in (hidden, rest)]
        assert 0.15 < of_kind[0].sum() / of_kind[1].sum() <= 0.21


def test_no_generated_row_repeats_a_held_out_one(labelled_dataset: Path, augmented: Path) -> None:
    held_out = pd.concat([load_split(labelled_dataset, "valid"), load_split(labelled_dataset, "test")])
    guard = OverlapGuard(held_out["text"])
    train = load_split(augmented, "train")
    assert not train.loc[train["method"].notna(), "text"].map(guard.overlaps).any()
    valid = load_split(augmented, "valid")
    assert not valid.loc[valid["method"].notna(), "text"].map(guard.overlaps).any()
    # The fixture's rows are sentences of the same phrase banks, so there must have been some to drop.
    assert load_augmentation(augmented).dropped["template"]["repeats a held-out row"] > 0


def test_validation_gets_what_it_lacks_and_drift_is_not_compared_with_it(augmented: Path) -> None:
    valid = load_split(augmented, "valid")
    added = valid[valid["method"].notna()]
    assert {split_of("", source) for source in added["source"]} == {"valid"}
    for language in ("en", "pt"):
        assert (valid.loc[valid["language"] == language, "self_harm"] == True).sum() >= 60  # noqa: E712
    assert not reference_rows(augmented)["source"].str.startswith("generated/").any()


def test_the_counts_are_those_of_the_files(labelled_dataset: Path, augmented: Path) -> None:
    info, described = load_augmentation(augmented), load_info(augmented)
    before = load_info(labelled_dataset)
    for name in ("train", "valid", "functional"):
        rows = pd.read_parquet(augmented / f"{name}.parquet")
        assert sum(info.rows[name].values()) == len(rows)
    train = load_split(augmented, "train")
    assert info.rows["train"]["template"] == (train["method"] == "template").sum()
    assert (
        info.positives["template"]["pt"]["hate"]
        == train[(train["method"] == "template") & (train["language"] == "pt")]["hate"].sum()
    )
    assert described.rows["train"] == len(train)
    assert described.rows["test"] == before.rows["test"]
    assert described.positives["train"]["illicit"] == train["illicit"].sum()
    assert described.generated_rows_in_train == train["method"].notna().sum()
    assert described.version != before.version
    assert "| template | 400 |" in markdown_summary(info)


def test_equal_recipes_make_equal_data(labelled_dataset: Path, tmp_path: Path) -> None:
    settings = recipe(template_rows=50)
    for name in ("a", "b"):
        augment_dataset(labelled_dataset, settings, tmp_path / name, ignore, base_encoder=ENCODER)
    for file in ("train.parquet", "valid.parquet", "functional.parquet", "augmentation.json", "dataset.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_nothing_wanted_is_nothing_added(labelled_dataset: Path, tmp_path: Path) -> None:
    settings = recipe(template_rows=0, obfuscated_share=0, valid_labels=0)
    info = augment_dataset(labelled_dataset, settings, tmp_path, ignore, base_encoder=ENCODER)
    assert set(info.rows["train"]) == set(info.rows["valid"]) == {"real"}
    assert info.dropped == {}


def test_generated_data_get_no_more_of_the_same(generated_dataset: Path, tmp_path: Path) -> None:
    info = augment_dataset(generated_dataset, recipe(template_rows=400), tmp_path, ignore, base_encoder=ENCODER)
    assert set(info.rows["train"]) == {"real", "obfuscation"}
    assert set(info.rows["valid"]) == {"real"}
    assert info.rows["functional"]["template"] > 0
