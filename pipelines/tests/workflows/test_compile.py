from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from synapse_pipelines.components.image import IMAGE
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.backends.settings import BackendSettings
from synapse_pipelines.workflows.compile import compile_pipelines


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    files = compile_pipelines(tmp_path_factory.mktemp("compiled"))
    return {file.stem: next(yaml.safe_load_all(file.read_text(encoding="utf-8"))) for file in files}


def test_every_step_runs_our_image_and_installs_nothing(compiled: dict[str, dict[str, Any]]) -> None:
    for spec in compiled.values():
        for executor in spec["deploymentSpec"]["executors"].values():
            assert executor["container"]["image"] == IMAGE
            assert "pip install" not in " ".join(executor["container"]["command"])


def test_the_steps_are_those_of_the_design_in_order(compiled: dict[str, dict[str, Any]]) -> None:
    tasks = compiled["moderation_training"]["root"]["dag"]["tasks"]
    search = "condition-branches-1"  # there or not, by the number of trials
    steps = ["prepare-data", "augment", search, "train", "distil", "evaluate", "quantise", "package", "register"]
    needs = {name: set(task.get("dependentTasks", ())) for name, task in tasks.items()}
    assert list(TopologicalSorter(needs).static_order()) == steps
    # No other order is possible: each step waits for the one before it.
    assert all(before in needs[after] for before, after in pairwise(steps))
    assert needs["package"] == {"augment", search, "distil", "evaluate", "quantise"}
    assert tasks["register"]["cachingOptions"] == {}
    assert tasks["train"]["cachingOptions"]["enableCache"]


def test_changed_encoder_weights_and_code_change_the_inputs_of_their_steps(compiled: dict[str, dict[str, Any]]) -> None:
    tasks = compiled["moderation_training"]["root"]["dag"]["tasks"]
    assert "encoder_version" in tasks["train"]["inputs"]["parameters"]
    assert {"data_version", "code_version"} <= set(tasks["prepare-data"]["inputs"]["parameters"])


def test_outputs_show_in_the_kubeflow_ui(compiled: dict[str, dict[str, Any]]) -> None:
    components = compiled["moderation_training"]["components"]
    kinds = {
        artifact["artifactType"]["schemaTitle"]
        for component in components.values()
        for artifact in component.get("outputDefinitions", {}).get("artifacts", {}).values()
    }
    assert kinds >= {
        "system.Metrics",
        "system.ClassificationMetrics",
        "system.Markdown",
        "system.HTML",
        "system.Model",
        "system.Dataset",
    }
    assert Path(IMAGE.split(":")[0]).name == "synapse-pipelines"


def test_every_input_says_what_it_is(compiled: dict[str, dict[str, Any]]) -> None:
    for name, spec in compiled.items():
        for parameter, told in spec["root"]["inputDefinitions"]["parameters"].items():
            assert told.get("description"), f"{name}: {parameter}"


def test_what_most_runs_do_not_need_may_be_left_out(compiled: dict[str, dict[str, Any]]) -> None:
    told = compiled["moderation_training"]["root"]["inputDefinitions"]["parameters"]
    assert told["trials"]["defaultValue"] == 0
    assert told["seed"]["defaultValue"] == Recipe().seed
    assert BackendSettings.model_validate_json(told["backend"]["defaultValue"]) == BackendSettings()
    assert not told["recipe"].get("isOptional")
    assert told["champion"]["isOptional"]


def test_more_trials_prepare_nothing_again(compiled: dict[str, dict[str, Any]]) -> None:
    for name in ("moderation_training", "moderation_search"):
        tasks = compiled[name]["root"]["dag"]["tasks"]
        for step in ("prepare-data", "augment"):
            assert tasks[step]["inputs"]["parameters"]["recipe"] == {"componentInputParameter": "data_recipe"}
