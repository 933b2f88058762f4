"""The gate: what a trained model must reach before it may become a candidate."""

from __future__ import annotations

from dataclasses import dataclass

from synapse_pipelines.errors import GateError
from synapse_pipelines.evaluation.comparison import Comparison
from synapse_pipelines.evaluation.evaluate import ALL_LANGUAGES, Evaluation
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.quantise import QuantisationSummary


@dataclass(frozen=True)
class Check:
    """One condition: `value` must be at least, or at most, `limit`."""

    name: str
    value: float
    limit: float
    at_least: bool
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether the condition holds."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = "at least" if self.at_least else "at most"
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.name} is {self.value:.4f}, must be {sign} {self.limit:.4f}{detail}"


def gate_checks(evaluation: Evaluation, quantisation: QuantisationSummary, recipe: Recipe) -> list[Check]:
    """Return every condition with its value, passed or not."""
    checks = [
        Check("macro AUPRC on test", evaluation.macro_auprc, recipe.min_macro_auprc, at_least=True),
        Check("macro AUPRC lost by int8", quantisation.cost, recipe.max_int8_cost, at_least=False),
        Check("share of everyday chat flagged", evaluation.chat_flag_rate, recipe.max_chat_flag_rate, at_least=False),
    ]
    # On generated text, a few hundred sentences of few words, counting words is hard to beat and proves nothing.
    if recipe.must_beat_baseline and evaluation.data.name == "labelled":
        baseline = evaluation.baseline_macro_auprc
        checks.append(Check("macro AUPRC against the baseline", evaluation.macro_auprc, baseline, at_least=True))
    if (teacher := evaluation.teacher) is not None and ALL_LANGUAGES in teacher.gain:
        gain = teacher.gain[ALL_LANGUAGES]
        detail = f"the teacher's is {teacher.macro_auprc[ALL_LANGUAGES]:.4f}; gain on it {gain}"
        lost = "macro AUPRC lost by distillation"
        checks.append(Check(lost, -gain.value, recipe.max_student_cost, at_least=False, detail=detail))
    if recipe.must_hold_against_champion and evaluation.champion is not None:
        checks += _against_champion(evaluation.champion)
    return checks


def require(checks: list[Check]) -> None:
    """Raise a `GateError` that names every failed check, if any failed."""
    failed = [str(check) for check in checks if not check.passed]
    if failed:
        raise GateError(f"the model may not become a candidate: {'; '.join(failed)}")


def _against_champion(champion: Comparison) -> list[Check]:
    """One check a language: worse beyond noise is where even the upper end of the gain's 95 % interval is below 0."""
    return [
        Check(
            f"upper end of the macro AUPRC gained on champion {champion.name} ({language})",
            gain.interval[1],
            0.0,
            at_least=True,
            detail=f"the champion's is {champion.macro_auprc[language]:.4f}; gain {gain}",
        )
        for language, gain in champion.gain.items()
        if gain.interval is not None
    ]
