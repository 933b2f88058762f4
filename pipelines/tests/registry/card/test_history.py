from pathlib import Path

import pytest
from mlflow import MlflowClient
from synapse_pipelines.registry.card.history import metrics_history
from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.registry.tracking import Tracker, local_tracking_uri

# MLflow's own modules and the SQLite driver leave warnings of theirs behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def register(tracker: Tracker, bundle_version: str, figures: dict[str, float]) -> None:
    client: MlflowClient = tracker.client
    with tracker.run(bundle_version, Environment.here("abc")) as run:
        run.metrics(figures)
    tags = {"bundle_version": bundle_version, "data_version": "d1"}
    client.create_model_version("moderation", source=run.artifact_uri, run_id=run.id, tags=tags)


def test_the_history_is_that_of_the_registered_versions_in_order(tmp_path: Path) -> None:
    uri = local_tracking_uri(tmp_path)
    assert metrics_history("moderation", uri) == []
    tracker = Tracker(uri)
    tracker.client.create_registered_model("moderation")
    for number in range(11):  # with the eleventh, versions no longer sort as text
        register(tracker, f"v{number}", {"macro_auprc": number / 20, "flagged_f1.all": 0.5})
    register(tracker, "v0", {"macro_auprc": 0.9})  # once more, with other parameters
    register(tracker, "other", {"silhouette": 0.9})
    found = metrics_history("moderation", uri)
    assert [(one.bundle_version, one.macro_auprc) for one in found] == [(f"v{n}", n / 20) for n in range(11)]
    assert (found[0].f1, found[0].false_positive_rate, found[0].data_version) == (0.5, None, "d1")
