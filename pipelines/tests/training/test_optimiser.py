import pytest
import torch
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.training.optimiser import number_format, schedule


def test_the_rate_rises_then_falls_to_zero() -> None:
    assert [round(schedule(done, 0.2), 3) for done in (0.0, 0.1, 0.2, 0.6, 1.0)] == [0.0, 0.5, 1.0, 0.5, 0.0]
    assert schedule(0.0, 0.0) == 1.0


@pytest.mark.parametrize(("has", "found"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_cpu_computes_in_bfloat16_where_its_hardware_does(
    monkeypatch: pytest.MonkeyPatch, has: bool, found: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has})
    assert number_format("auto", torch.device("cpu")) == found


@pytest.mark.parametrize(("has", "found"), [(True, torch.bfloat16), (False, torch.float16)])
def test_a_gpu_without_bfloat16_computes_in_float16(
    monkeypatch: pytest.MonkeyPatch, has: bool, found: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has)
    assert number_format("auto", torch.device("cuda")) == found


def test_a_wanted_format_is_taken_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert number_format("float16", torch.device("cpu")) == torch.float16
    with pytest.raises(TrainingError, match="this cpu has no bfloat16"):
        number_format("bfloat16", torch.device("cpu"))
