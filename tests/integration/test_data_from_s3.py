"""Source tables and intermediate tables in a real S3 service."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from daft import col
from daft.functions import hash as hash_of
from synapse_pipelines.components import moderation as components
from synapse_pipelines.components.pii import train_pii_tagger
from synapse_pipelines.data.dataset import load_split
from synapse_pipelines.data.generate import write_tables
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.data.sources import data_version, find_table
from synapse_pipelines.data.stage import open_stage
from synapse_pipelines.data.storage import files_at_hand
from synapse_pipelines.data.validation import load_table
from synapse_pipelines.errors import DataError
from synapse_pipelines.evaluation import evaluate as evaluation
from synapse_pipelines.evaluation.baselines.lexicon import LEXICON_FILES, lexicon_terms
from synapse_pipelines.pii import train as pii
from synapse_pipelines.pii.sentences import SPANS_FILE
from synapse_pipelines.recipe import Recipe

from tests.integration.s3 import S3Server, running_s3

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("s3-tables")]

RECIPE = Recipe(max_train_rows=200, chat_sample=30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running_s3(tmp_path_factory.mktemp("s3")) as running, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in running.settings.items():
            patch.setenv(name, value)
        yield running


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Annotations as Parquet in two parts, chat as one Parquet file, feedback as gzipped JSON lines."""
    folder = write_tables(tmp_path_factory.mktemp("tables"), annotations=600, messages=200, seed=5)
    rows = pd.read_parquet(folder / "annotations.parquet")
    (folder / "annotations").mkdir()
    rows.iloc[:300].to_parquet(folder / "annotations" / "0.parquet", index=False)
    rows.iloc[300:].to_parquet(folder / "annotations" / "1.parquet", index=False)
    (folder / "annotations.parquet").unlink()
    feedback = folder / "feedback.parquet"
    lines = pd.read_parquet(feedback).to_json(orient="records", lines=True)
    (folder / "feedback.jsonl.gz").write_bytes(gzip.compress(lines.encode() + b"not a row\n"))
    feedback.unlink()
    return folder


@pytest.fixture(scope="module")
def address(server: S3Server, tables: Path) -> str:
    for file in sorted(tables.rglob("*.*")):
        server.upload(file, f"lake/tables/{file.relative_to(tables)}")
    return f"s3://{server.bucket}/lake/tables"


def test_the_same_data_set_comes_from_s3_as_from_a_folder(address: str, tables: Path, tmp_path: Path) -> None:
    remote = prepare_dataset(address, RECIPE, tmp_path / "remote")
    local = prepare_dataset(tables, RECIPE, tmp_path / "local")
    assert remote.version == local.version
    assert (
        remote.quarantined
        == local.quarantined
        == {
            "annotations": {},
            "chat_logs": {},
            "feedback": {"the line is not JSON": 1},
        }
    )
    pd.testing.assert_frame_equal(load_split(tmp_path / "remote", "train"), load_split(tmp_path / "local", "train"))


def test_quarantined_rows_name_the_object_they_are_from(address: str, tmp_path: Path) -> None:
    load_table(address, "feedback", tmp_path)
    (kept,) = pd.read_parquet(tmp_path / "feedback.parquet").to_dict("records")
    assert kept["file"] == f"{address}/feedback.jsonl.gz"
    assert kept["content"] == "not a row"


def test_the_version_follows_the_content_of_the_objects(server: S3Server, tables: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tables, tmp_path / "copy")
    versions = []
    for _ in range(2):
        for file in sorted(copy.rglob("*.*")):
            server.upload(file, f"changing/{file.relative_to(copy)}")
        versions += [data_version(f"s3://{server.bucket}/changing") for _ in range(2)]
        rows = json.dumps({"feedback_id": "new"})
        (copy / "feedback.jsonl.gz").write_bytes(gzip.compress(rows.encode()))
    assert versions[0] == versions[1] != versions[2] == versions[3]


class Reached(Exception):  # noqa: N818 - no error: a step went as far as the test looks
    """What a step hands on, read while its scratch folder is there."""


def test_the_word_lists_in_s3_reach_the_baseline(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in LEXICON_FILES:
        (tmp_path / name).write_text(f"a term of {name}\n", encoding="utf-8")
        server.upload(tmp_path / name, f"lists/{name}")

    def evaluate(*_: object, data_dir: Path, **__: object) -> None:
        raise Reached(lexicon_terms(data_dir))

    monkeypatch.setattr(evaluation, "evaluate_model", evaluate)
    artefact = SimpleNamespace(path=str(tmp_path))
    told: dict[str, Any] = {"model": artefact, "dataset": artefact, "evaluation": artefact, "seed": 1, "champion": ""}
    told |= dict.fromkeys(("champion_version", "tracking_uri", "report", "summary", "metrics", "verdict", "toxicity"))
    with pytest.raises(Reached) as reached:
        components.evaluate.python_func(data_dir=f"s3://{server.bucket}/lists", **told)
    assert reached.value.args == (["a term of lexicon_en.txt", "a term of lexicon_pt.txt"],)
    with pytest.raises(Reached) as reached:  # a place without lists: those of our own
        components.evaluate.python_func(data_dir=f"s3://{server.bucket}/elsewhere/", **told)
    assert reached.value.args == (lexicon_terms(None),)


def test_the_labelled_sentences_in_s3_reach_the_tagger(
    server: S3Server, address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = {"full_text": "Ann is here", "spans": [], "template_id": 1, "template_in_heldout": False, "template": "x"}
    (tmp_path / SPANS_FILE).write_bytes(gzip.compress(json.dumps(row).encode()))
    server.upload(tmp_path / SPANS_FILE, f"lake/tables/{SPANS_FILE}")

    def train(data_dir: Path, *_: object) -> None:
        raise Reached(
            sorted(file.name for file in data_dir.iterdir()), gzip.decompress((data_dir / SPANS_FILE).read_bytes())
        )

    monkeypatch.setattr(pii, "train_tagger", train)
    told: dict[str, Any] = {"recipe": "{}", "tagger": SimpleNamespace(path=str(tmp_path)), "base_encoder": "e"}
    told |= dict.fromkeys(("data_version", "code_version", "encoder_version", "report", "metrics"))
    with pytest.raises(Reached) as reached:
        train_pii_tagger.python_func(data_dir=address, **told)
    # The annotations of these tables are in parts, which only preparation reads.
    assert reached.value.args == (["chat_logs.parquet", SPANS_FILE], json.dumps(row).encode())


def test_files_that_cannot_be_read_are_no_missing_files(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SYNAPSE_S3_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(DataError, match=r"cannot read s3://.*/lists"):
        files_at_hand(f"s3://{server.bucket}/lists", LEXICON_FILES, tmp_path)


def test_a_missing_table_and_a_missing_bucket_are_named(server: S3Server, address: str) -> None:
    with pytest.raises(DataError, match="has no table chat_logs"):
        find_table(f"s3://{server.bucket}/nothing", "chat_logs")
    with pytest.raises(DataError, match="s3://no-such-bucket"):
        find_table("s3://no-such-bucket/tables", "chat_logs")


def test_a_wrong_key_says_that_the_place_cannot_be_read(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_S3_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(DataError, match=r"cannot list s3://.*/lake/tables"):
        find_table(address, "chat_logs")


def test_intermediate_tables_in_s3_are_removed(address: str, server: S3Server, tables: Path) -> None:
    rows = load_table(tables, "chat_logs", tables.parent / "quarantine").rows
    with open_stage(f"s3://{server.bucket}/stage") as stage:
        staged = stage.write(rows, "chat", hash_of(col("message_id")), 3)
        assert len(staged.files) == 3
        assert staged.all.count_rows() == 200
        assert server.keys("stage/")
    assert not server.keys("stage/")
