import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.search.data import write_trial_data
from synapse_pipelines.search.figures import Figures
from synapse_pipelines.search.recipe import SearchRecipe
from synapse_pipelines.search.trial import METRICS, RECIPE_VARIABLE, run_trial, tuned
from synapse_pipelines.training.rows import read_split

# What Katib's metrics collector reads by default: a name, an equals sign, a number.
COLLECTED = re.compile(r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)")


@pytest.mark.integration
def test_the_entry_point_trains_and_prints_what_a_metrics_collector_reads(
    search_dataset: Path, searching: Recipe, small_encoder: Path
) -> None:
    command = [sys.executable, "-m", "synapse_pipelines.search.trial", "--dataset", str(search_dataset)]
    command += ["--base-encoder", str(small_encoder), "learning_rate=0.0005", "tokens_per_batch=300", "dropout=0.0"]
    told = os.environ | {RECIPE_VARIABLE: searching.model_dump_json(exclude_defaults=True)}
    printed = subprocess.run(command, env=told, check=True, capture_output=True, text=True).stdout
    lines = [dict(match[:2] for match in COLLECTED.findall(line)) for line in printed.splitlines()]
    looks = [line for line in lines if "objective" in line]
    assert len(looks) == searching.search.looks + 1
    assert all(set(line) == set(METRICS) for line in looks)
    assert looks[-1] in looks[:-1], "the last line tells of the look whose weights were kept"


def test_a_trial_ends_where_its_watcher_says(
    search_dataset: Path, searching: Recipe, small_encoder: Path, tmp_path: Path
) -> None:
    write_trial_data(search_dataset, searching.search, searching.seed, tmp_path)
    looks: list[Figures] = []

    def watch(found: Figures) -> None:
        looks.append(found)
        if len(looks) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        run_trial(tmp_path, searching, str(small_encoder), watch)
    assert len(looks) == 2


def test_the_rows_of_trials_are_a_fixed_sample_without_the_test_split(
    search_dataset: Path, searching: Recipe, tmp_path: Path
) -> None:
    search = SearchRecipe(train_rows=80, valid_rows=None)
    hashes = [write_trial_data(search_dataset, search, seed, tmp_path / str(n)) for n, seed in enumerate((1, 1, 2))]
    assert hashes[0] == hashes[1] != hashes[2]
    assert len(read_split(tmp_path / "0", "train")) == 80
    assert len(read_split(tmp_path / "0", "valid")) == len(read_split(search_dataset, "valid"))
    assert not (tmp_path / "0" / "test.parquet").exists()


def test_settings_come_on_top_of_the_recipe_and_must_fit_it(searching: Recipe) -> None:
    changed = tuned(searching, {"dropout": "0.25", "tokens_per_batch": "512"})
    assert (changed.dropout, changed.tokens_per_batch) == (0.25, 512)
    assert changed.model_copy(update={"dropout": searching.dropout, "tokens_per_batch": 256}) == searching
    with pytest.raises(ValidationError, match="dropout"):
        tuned(searching, {"dropout": "1.5"})
