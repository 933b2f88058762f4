import json
from pathlib import Path

import pytest
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.evaluation.encoders import compare_encoders, main, markdown_table
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.progress import ignore
from synapse_pipelines.training.encoder import packaged_encoder
from transformers import AutoModel, AutoTokenizer

RECIPE = PRESETS["tiny"].model_copy(update={"epochs": 1, "max_train_rows": 120})


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Another encoder: the packaged one, cut to a layer, under another name."""
    folder = tmp_path_factory.mktemp("encoders") / "narrow"
    model = AutoModel.from_pretrained(packaged_encoder(), num_hidden_layers=1)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(packaged_encoder()).save_pretrained(folder)
    return str(folder)


def test_encoders_are_compared_on_the_same_test_texts(work: Path, narrow: str, tmp_path: Path) -> None:
    found = compare_encoders(work / "dataset", [str(packaged_encoder()), narrow], RECIPE, tmp_path, ignore)
    first, second = found
    assert first.gain_on_first is None
    assert second.gain_on_first is not None
    assert second.gain_on_first.gain["all"].value == pytest.approx(
        second.macro_auprc["all"].value - first.macro_auprc["all"].value
    )
    assert min(one.texts_per_second for one in found) > 0
    table = markdown_table(found)
    assert "| narrow |" in table
    assert "macro AUPRC all" in table


def test_one_encoder_is_no_comparison(work: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="two encoders or more"):
        compare_encoders(work / "dataset", [str(packaged_encoder())], RECIPE, tmp_path, ignore)


def test_the_command_prints_the_table_and_keeps_the_figures(
    work: Path, narrow: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["--dataset", str(work / "dataset"), "--preset", "tiny", "--out", str(tmp_path)]
    main([*told, "--encoder", narrow, "--encoder", narrow])
    assert capsys.readouterr().out.rstrip().endswith("|")
    first, second = json.loads((tmp_path / "encoders.json").read_text(encoding="utf-8"))
    assert first["encoder"] == second["encoder"] == "narrow"
    assert second["gain_on_first"]["gain"]["all"]["value"] == 0.0
