"""The Experiment's manifest, held against Katib's own definitions and the Kubernetes API, and what comes back."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from pydantic import ValidationError
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.search import katib
from synapse_pipelines.search.katib import KatibSettings, best_recipe, experiment
from synapse_pipelines.search.recipe import SearchRecipe
from synapse_pipelines.search.space import Choice, FloatRange, IntRange

RELEASED_CRDS = Path("../shared/crds.tar.xz")
SPACE = {
    "learning_rate": FloatRange(low=1e-5, high=1e-3, log=True),
    "tokens_per_batch": IntRange(low=256, high=2048),
    "layers": Choice(values=(4, 6)),
}


@pytest.fixture
def recipe() -> Recipe:
    return PRESETS["full"].model_copy(update={"search": SearchRecipe(trials=20, workers=4, space=SPACE)})


@pytest.fixture
def settings() -> KatibSettings:
    return KatibSettings(
        image="registry.example.com/synapse-pipelines:1",
        dataset="s3://bucket/dataset",
        base_encoder="s3://bucket/encoder",
        s3_secret="s3",
        s3_endpoint="http://seaweedfs:8333",
        service_account="search",
    )


def test_the_space_is_the_one_that_optuna_searches(recipe: Recipe, settings: KatibSettings) -> None:
    parameters = {one["name"]: one for one in experiment(recipe, settings)["spec"]["parameters"]}
    assert parameters == {
        "learning_rate": {
            "name": "learning_rate",
            "parameterType": "double",
            "feasibleSpace": {"min": "1e-05", "max": "0.001", "distribution": "logUniform"},
        },
        "tokens_per_batch": {
            "name": "tokens_per_batch",
            "parameterType": "int",
            "feasibleSpace": {"min": "256", "max": "2048", "step": "1", "distribution": "uniform"},
        },
        "layers": {"name": "layers", "parameterType": "categorical", "feasibleSpace": {"list": ["4", "6"]}},
    }


def test_every_setting_reaches_the_trial(recipe: Recipe, settings: KatibSettings) -> None:
    template = experiment(recipe, settings)["spec"]["trialTemplate"]
    references = {one["name"]: one["reference"] for one in template["trialParameters"]}
    assert references == {name: name for name in SPACE}
    (container,) = template["trialSpec"]["spec"]["template"]["spec"]["containers"]
    assert container["name"] == template["primaryContainerName"]
    assert {f"{name}=${{trialParameters.{name}}}" for name in SPACE} <= set(container["command"])
    # The collector puts the command into a shell as it is.
    assert all(not set(word) & set("'\"`;&|<>()# ") for word in container["command"])


@pytest.mark.skipif(not RELEASED_CRDS.exists(), reason="the released definitions are not at hand")
def test_the_manifest_has_only_what_katib_knows(recipe: Recipe, settings: KatibSettings) -> None:
    with tarfile.open(RELEASED_CRDS) as archive:
        member = archive.extractfile("crds/katib-v1beta1-swagger.json")
        assert member is not None
        definitions = closed(json.load(io.TextIOWrapper(member, "utf-8"))["definitions"])
    schema = {"$ref": "#/definitions/v1beta1.ExperimentSpec", "definitions": definitions}
    manifest = experiment(recipe, settings)
    jsonschema.validate(manifest["spec"], schema, cls=jsonschema.Draft202012Validator)
    manifest["spec"]["objective"]["metricNames"] = []
    with pytest.raises(jsonschema.ValidationError, match="metricNames"):
        jsonschema.validate(manifest["spec"], schema, cls=jsonschema.Draft202012Validator)


def closed(definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions, made to refuse what they do not name; those of Kubernetes itself are elsewhere."""
    named = {
        name: one | ({"additionalProperties": False} if name.startswith("v1beta1.") and "properties" in one else {})
        for name, one in definitions.items()
    }
    everything = json.dumps(named)
    missing = {
        ref for ref in everything.split('"#/definitions/')[1:] for ref in [ref.split('"')[0]] if ref not in definitions
    }
    return named | {name: {} for name in missing}


@pytest.mark.parametrize("kubernetes", ["1.29", "1.37"])
def test_a_trial_is_a_job_that_kubernetes_takes(recipe: Recipe, settings: KatibSettings, kubernetes: str) -> None:
    job = experiment(recipe, settings)["spec"]["trialTemplate"]["trialSpec"]
    assert job["kind"] == "Job"
    kubernetes_validate.validate(job, kubernetes, strict=True)


def test_the_best_trial_comes_back_as_a_recipe(
    recipe: Recipe, settings: KatibSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = experiment(recipe, settings)
    assignments = {"learning_rate": "0.00031", "tokens_per_batch": "777", "layers": "6"}
    found["status"] = {
        "currentOptimalTrial": {
            "bestTrialName": "moderation-search-abc",
            "parameterAssignments": [{"name": name, "value": value} for name, value in assignments.items()],
        }
    }
    changed = {"learning_rate": 0.00031, "tokens_per_batch": 777, "layers": 6, "search": SearchRecipe()}
    assert best_recipe(found) == recipe.model_copy(update=changed)
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(found)))
    assert katib.main(["best"]) == 0
    assert Recipe.model_validate_json(capsys.readouterr().out) == recipe.model_copy(update=changed)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({}, "no best trial yet"),
        ({"currentOptimalTrial": {"parameterAssignments": [{}]}}, "no Experiment that searches"),
    ],
)
def test_what_is_no_finished_experiment_is_refused(status: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        best_recipe({"spec": {}, "status": status})


def test_the_command_prints_the_manifest_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SYNAPSE_TRAINING_RECIPE", '{"search": {"trials": 7}}')
    for name, value in (("IMAGE", "synapse-pipelines:1"), ("DATASET", "s3://b/d"), ("BASE_ENCODER", "some/encoder")):
        monkeypatch.setenv(f"SYNAPSE_KATIB_{name}", value)
    assert katib.main(["experiment"]) == 0
    manifest = yaml.safe_load(capsys.readouterr().out)
    assert manifest["kind"] == "Experiment"
    assert manifest["spec"]["maxTrialCount"] == 7
    monkeypatch.setenv("SYNAPSE_TRAINING_RECIPE", "{}")
    assert katib.main(["experiment"]) == 1
    assert "search.trials" in capsys.readouterr().err


def test_an_address_that_a_shell_would_read_is_refused() -> None:
    with pytest.raises(ValidationError, match="dataset"):
        KatibSettings(image="i", dataset="s3://bucket/$(reboot)", base_encoder="e")
