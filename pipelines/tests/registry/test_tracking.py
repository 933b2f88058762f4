import json
from pathlib import Path

import pytest
from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.registry.tracking import Tracker, flat, local_tracking_uri

# MLflow's own modules and the SQLite driver leave warnings of theirs behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    return Tracker(local_tracking_uri(tmp_path_factory.mktemp("tracker")))


@pytest.fixture(scope="module")
def environment() -> Environment:
    return Environment.here("abc+")


def test_a_nested_recipe_becomes_dotted_names() -> None:
    assert flat({"seed": 7, "search": {"trials": 2, "space": {"lr": 0.1}}, "limits": {}}) == {
        "seed": 7,
        "search.trials": 2,
        "search.space.lr": 0.1,
        "limits": {},
    }


def test_a_run_keeps_what_it_was_told_and_what_came_out(tracker: Tracker, environment: Environment) -> None:
    with tracker.run("one", environment, note="**why**") as run:
        run.params({f"p{n}": n for n in range(150)} | {"search": {"trials": None}})
        run.metrics({"auprc.hate/threatening.en": 0.5, "cost@1": 1.0})
        run.curve("loss", dict.fromkeys(range(1, 2001), 0.25) | {2000: 0.125})
        run.files({"plots/a.txt": b"plot"})
        run.data("labelled", version="v1", source="s1", profile={"rows": {"train": 3}}, context="training")
    found = tracker.client.get_run(run.id)
    assert found.info.status == "FINISHED"
    assert len(found.data.params) == 151
    assert found.data.params["search.trials"] == "None"
    assert found.data.metrics == {"auprc.hate/threatening.en": 0.5, "cost_1": 1.0, "loss": 0.125}
    assert len(tracker.client.get_metric_history(run.id, "loss")) == 2000
    dataset = found.inputs.dataset_inputs[0].dataset
    assert (dataset.name, dataset.digest, json.loads(dataset.profile)) == ("labelled", "v1", {"rows": {"train": 3}})
    assert found.data.tags["mlflow.note.content"] == "**why**"
    assert [item.path for item in tracker.client.list_artifacts(run.id, "plots")] == ["plots/a.txt"]


def test_a_run_carries_code_and_environment(tracker: Tracker, environment: Environment, tmp_path: Path) -> None:
    with tracker.run("two", environment) as run:
        pass
    tags = tracker.client.get_run(run.id).data.tags
    assert (tags["git_commit"], tags["git_changed"], tags["mlflow.source.git.commit"]) == ("abc", "true", "abc")
    assert tags["package.torch"] == environment.packages["torch"]
    folder = Path(tracker.client.download_artifacts(run.id, "environment", str(tmp_path)))
    assert Environment.model_validate_json((folder / "environment.json").read_bytes()) == environment
    pins = (folder / "requirements.txt").read_text().splitlines()
    assert f"torch=={environment.packages['torch']}" in pins
    assert not [pin for pin in pins if "synapse" in pin]


def test_a_trial_is_nested_in_its_search(tracker: Tracker, environment: Environment) -> None:
    with tracker.run("search", environment) as search, tracker.run("trial", environment, parent=search.id) as trial:
        pass
    nested = tracker.client.search_runs([tracker.experiment()], f"tags.mlflow.parentRunId = '{search.id}'")
    assert [run.info.run_id for run in nested] == [trial.id]


@pytest.mark.parametrize(("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_run_that_ends_badly_says_so(
    tracker: Tracker, environment: Environment, error: type[BaseException], status: str
) -> None:
    with pytest.raises(error), tracker.run("bad", environment) as run:
        raise error
    assert tracker.client.get_run(run.id).info.status == status
