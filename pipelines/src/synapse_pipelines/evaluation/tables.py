"""Tables of an evaluation in Markdown."""

from __future__ import annotations

from synapse_common.taxonomy import CATEGORIES

from synapse_pipelines.evaluation.evaluate import ALL_LANGUAGES, Evaluation


def figures_table(evaluation: Evaluation) -> str:
    """Return the test figures by category and language."""
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
