import pytest
from synapse_pipelines.errors import GateError
from synapse_pipelines.evaluation.evaluate import Evaluation
from synapse_pipelines.evaluation.gate import gate_checks, require
from synapse_pipelines.settings import Recipe
from synapse_pipelines.training.quantise import QuantisationSummary

GOOD = {"macro_auprc": 0.8, "baseline_macro_auprc": 0.7, "chat_flag_rate": 0.01}


def check(evaluation: Evaluation, *, data: str = "labelled", lost: float = 0.0, **changes: float) -> None:
    quantisation = QuantisationSummary(
        fp32_macro_auprc=0.8, int8_macro_auprc=0.8 - lost, flag_agreement=1, largest_score_difference=0, int8_bytes=1
    )
    measured = evaluation.model_copy(
        update={**GOOD, **changes, "data": evaluation.data.model_copy(update={"name": data})}
    )
    require(gate_checks(measured, quantisation, Recipe()))


def test_a_good_model_passes(evaluation: Evaluation) -> None:
    check(evaluation)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"macro_auprc": 0.2}, "macro AUPRC on test is 0.2000, must be at least 0.3000"),
        ({"macro_auprc": 0.69}, "against the baseline is 0.6900, must be at least 0.7000"),
        ({"chat_flag_rate": 0.2}, "everyday chat flagged is 0.2000, must be at most 0.1000"),
        ({"lost": 0.006}, "lost by int8 is 0.0060, must be at most 0.0050"),
    ],
)
def test_each_weakness_is_refused_by_name(evaluation: Evaluation, changes: dict[str, float], message: str) -> None:
    with pytest.raises(GateError, match=message):
        check(evaluation, **changes)


def test_on_generated_data_the_baseline_is_no_measure(evaluation: Evaluation) -> None:
    check(evaluation, data="generated", macro_auprc=0.69)
    with pytest.raises(GateError, match="on test"):
        check(evaluation, data="generated", macro_auprc=0.2)
