import dataclasses
from pathlib import Path

import pytest
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.backends.base import TrainingJob
from synapse_pipelines.training.backends.staging import fetch_file, fetch_folder, put_folder, put_job


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.usefixtures("aws")
def test_what_is_put_is_fetched(job: TrainingJob, tmp_path: Path) -> None:
    encoder = put_job(job, "s3://stage/a/job")
    assert encoder == f"s3://stage/a/job/encoder/{Path(job.base_encoder).name}"
    fetch_folder("s3://stage/a/job/dataset", tmp_path / "dataset")
    fetch_folder(encoder, tmp_path / "encoder")
    fetch_file("s3://stage/a/job/recipe.json", tmp_path / "recipe.json")
    assert contents(tmp_path / "dataset") == contents(job.dataset)
    assert contents(tmp_path / "encoder") == contents(Path(job.base_encoder))
    assert Recipe.model_validate_json((tmp_path / "recipe.json").read_bytes()) == job.recipe


@pytest.mark.usefixtures("aws")
def test_an_encoder_that_is_no_folder_is_not_uploaded(job: TrainingJob) -> None:
    assert put_job(dataclasses.replace(job, base_encoder="org/encoder"), "s3://stage/job") == "org/encoder"


@pytest.mark.usefixtures("aws")
def test_neighbours_are_not_fetched(job: TrainingJob, tmp_path: Path) -> None:
    put_folder(job.dataset, "s3://stage/data-2")
    with pytest.raises(TrainingError, match="there is nothing under s3://stage/data"):
        fetch_folder("s3://stage/data", tmp_path / "x")


@pytest.mark.usefixtures("aws")
def test_a_store_that_refuses_is_told(job: TrainingJob, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the object store refused s3://missing/job.*NoSuchBucket"):
        put_job(job, "s3://missing/job")
    with pytest.raises(TrainingError, match="the object store refused s3://stage/none"):
        fetch_file("s3://stage/none", tmp_path / "x")
