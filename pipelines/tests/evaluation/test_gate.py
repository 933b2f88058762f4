from typing import Any

import pytest
from synapse_pipelines.errors import GateError
from synapse_pipelines.evaluation.baselines.compare import TFIDF
from synapse_pipelines.evaluation.bootstrap import Estimate
from synapse_pipelines.evaluation.comparison import Comparison
from synapse_pipelines.evaluation.evaluate import Evaluation
from synapse_pipelines.evaluation.gate import gate_checks, require
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.quantise import QuantisationSummary

GOOD: dict[str, Any] = {"macro_auprc": 0.8, "chat_flag_rate": 0.01, "champion": None, "teacher": None}


def check(
    evaluation: Evaluation,
    *,
    data: str = "labelled",
    lost: float = 0.0,
    baseline: float = 0.7,
    recipe: Recipe | None = None,
    **changes: Any,
) -> None:
    quantisation = QuantisationSummary(
        fp32_macro_auprc=0.8, int8_macro_auprc=0.8 - lost, flag_agreement=1, largest_score_difference=0, int8_bytes=1
    )
    tfidf = evaluation.baselines[TFIDF].model_copy(update={"macro_auprc": {"all": Estimate(value=baseline)}})
    measured = evaluation.model_copy(
        update={
            **GOOD,
            **changes,
            "baselines": {**evaluation.baselines, TFIDF: tfidf},
            "data": evaluation.data.model_copy(update={"name": data}),
        }
    )
    require(gate_checks(measured, quantisation, recipe or Recipe()))


def other(gain: dict[str, Estimate]) -> Comparison:
    return Comparison(name="v1", macro_auprc=dict.fromkeys(gain, 0.82), gain=gain)


def test_a_good_model_passes(evaluation: Evaluation) -> None:
    check(evaluation)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"macro_auprc": 0.2}, "macro AUPRC on test is 0.2000, must be at least 0.3000"),
        ({"baseline": 0.81}, "against the baseline is 0.8000, must be at least 0.8100"),
        ({"chat_flag_rate": 0.2}, "everyday chat flagged is 0.2000, must be at most 0.1000"),
        ({"lost": 0.006}, "lost by int8 is 0.0060, must be at most 0.0050"),
        (
            {"teacher": other({"all": Estimate(value=-0.02, interval=(-0.03, 0.01))})},
            r"lost by distillation is 0.0200, must be at most 0.0050 \(the teacher's is 0.8200; gain on it -0.0200 ",
        ),
        (
            {
                "champion": other(
                    {
                        "all": Estimate(value=-0.01, interval=(-0.03, 0.01)),
                        "pt": Estimate(value=-0.05, interval=(-0.08, -0.02)),
                    }
                )
            },
            r": upper end of the macro AUPRC gained on champion v1 \(pt\) is -0.0200, must be at least 0.0000 \(",
        ),
    ],
)
def test_each_weakness_is_refused_by_name(evaluation: Evaluation, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(GateError, match=message):
        check(evaluation, **changes)


def test_every_weakness_is_named(evaluation: Evaluation) -> None:
    with pytest.raises(GateError, match=r"macro AUPRC on test .*; macro AUPRC lost by int8 .*; .* the baseline"):
        check(evaluation, macro_auprc=0.1, lost=0.1)


def test_worse_than_the_champion_within_noise_passes(evaluation: Evaluation) -> None:
    check(evaluation, champion=other({"all": Estimate(value=-0.02, interval=(-0.05, 0.001))}))
    check(evaluation, champion=other({"all": Estimate(value=-0.02, interval=None)}))


def test_a_recipe_may_leave_the_champion_out(evaluation: Evaluation) -> None:
    worse = other({"all": Estimate(value=-0.5, interval=(-0.6, -0.4))})
    check(evaluation, champion=worse, recipe=Recipe(must_hold_against_champion=False))
    with pytest.raises(GateError, match="champion"):
        check(evaluation, champion=worse)


def test_on_generated_data_the_baseline_is_no_measure(evaluation: Evaluation) -> None:
    check(evaluation, data="generated", baseline=0.9)
    with pytest.raises(GateError, match="on test"):
        check(evaluation, data="generated", macro_auprc=0.2)
