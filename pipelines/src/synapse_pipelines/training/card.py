"""Model cards (Mitchell et al., 2019): what a bundle is for, what it was made from, how good it is, where it fails."""

from __future__ import annotations

from synapse_common.taxonomy import CATEGORIES

from synapse_pipelines.evaluation.evaluate import ALL_LANGUAGES, Evaluation
from synapse_pipelines.evaluation.metrics import MIN_FOR_MACRO
from synapse_pipelines.evaluation.thresholds import DEFAULT_THRESHOLD
from synapse_pipelines.settings import Recipe
from synapse_pipelines.training.calibration import MIN_EXAMPLES
from synapse_pipelines.training.quantise import QuantisationSummary


def figures_table(evaluation: Evaluation) -> str:
    """Return a Markdown table of the test figures by category and language."""
    lines = [
        "| category | language | n | positives | precision | recall | F1 | FPR | AUPRC | baseline AUPRC |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for category in CATEGORIES:
        for language, figures in evaluation.figures.items():
            one = figures[category]
            baseline = evaluation.baseline[category].auprc if language == ALL_LANGUAGES else None
            cells = [one.precision, one.recall, one.f1, one.false_positive_rate, one.auprc, baseline]
            shown = " | ".join("-" if cell is None else f"{cell:.3f}" for cell in cells)
            lines.append(f"| {category} | {language} | {one.n} | {one.positives} | {shown} |")
    return "\n".join(lines)


def moderation_card(evaluation: Evaluation, quantisation: QuantisationSummary, recipe: Recipe) -> str:
    """Return the model card of a moderation model as Markdown."""
    data, training = evaluation.data, evaluation.training
    thin = [name for name, one in evaluation.figures[ALL_LANGUAGES].items() if one.positives < MIN_FOR_MACRO]
    thresholds = "\n".join(f"| {name} | {evaluation.decision.thresholds[name]:.3f} |" for name in CATEGORIES)
    return f"""# Moderation model

Scores English and Portuguese chat messages in eight categories; a message is flagged when any score reaches its
threshold. For pre-screening in a chat product; not for judging people, and not a replacement for human review.

## Made from

- Base encoder `{training.base_encoder}`, {training.parameters:,} parameters,
  at most {training.max_tokens} tokens of a text.
- Data `{data.name}`, version `{data.version}` (sources `{data.source_version}`): {data.rows["train"]:,} train,
  {data.rows["valid"]:,} validation, {data.rows["test"]:,} test rows. They are stratified samples that over-represent
  rare categories.
- Train holds {data.generated_rows_in_train:,} generated rows. {data.chat_negatives:,} unreported chat messages count
  as weak negatives (four fifths in train, one fifth in validation). Test holds neither, unless the data are generated
  as a whole.
- {training.rows_seen:,} rows seen in {training.seconds:.0f} s on {training.device}; ended because: {training.stopped}.

- The drift reference window holds the scores of the labelled validation rows, which are not in train or test.

## Test figures

Macro AUPRC {evaluation.macro_auprc:.4f} (TF-IDF baseline {evaluation.baseline_macro_auprc:.4f}), over categories with
at least {MIN_FOR_MACRO} positives and negatives. int8: {quantisation.int8_macro_auprc:.4f}, same verdict on
{quantisation.flag_agreement:.2%} of texts. Everyday chat flagged: {evaluation.chat_flag_rate:.2%}.

{figures_table(evaluation)}

## Thresholds

Best F1 on validation with a false positive rate of at most {recipe.max_false_positive_rate:.0%};
{DEFAULT_THRESHOLD} and no calibration where validation has fewer than {MIN_EXAMPLES} positives or negatives.

| category | threshold |
| --- | ---: |
{thresholds}

## Limits

- Hardly any test positives, so that the figures are noise: {", ".join(thin) or "none"}.
- Labels come from many sources that disagree about what counts as hate or toxicity; unknown labels are masked.
- Portuguese labels are fewer than English ones, and some categories have none: there the model leans on generated
  rows.
- Irony, quotation, reclaimed words and other languages are known weak points of models of this kind.
"""
