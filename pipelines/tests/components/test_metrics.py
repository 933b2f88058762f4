import json
from pathlib import Path

from kfp.dsl import Metrics
from synapse_pipelines.components.metrics import write_metadata


def test_metrics_get_a_file_with_what_was_logged(tmp_path: Path) -> None:
    metrics = Metrics(name="metrics", uri=str(tmp_path / "metrics"))
    metrics.log_metric("rows", 3)
    write_metadata(metrics)
    assert json.loads((tmp_path / "metrics").read_text(encoding="utf-8")) == {"rows": 3}
