from pathlib import Path

import yaml
from kfp import compiler
from synapse_pipelines.workflows.pii_training import pii_training


def test_data_code_and_encoder_key_the_cache_of_its_one_step(tmp_path: Path) -> None:
    file = tmp_path / "pii.yaml"
    compiler.Compiler().compile(pii_training, str(file))
    tasks = yaml.safe_load(file.read_text(encoding="utf-8"))["root"]["dag"]["tasks"]
    assert set(tasks) == {"train-pii-tagger"}
    assert {"data_version", "code_version", "encoder_version"} <= set(tasks["train-pii-tagger"]["inputs"]["parameters"])
