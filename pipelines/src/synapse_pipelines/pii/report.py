"""What the full profile finds on sentences that share no template with its training, and in everyday texts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from synapse_pipelines.pii.engine import analyzer, find_all
from synapse_pipelines.pii.evaluate import Evaluation, Figures, evaluate, masked_share
from synapse_pipelines.pii.model import SpanTagger
from synapse_pipelines.pii.sentences import annotated_texts, chat_texts, generate, labelled

_PLAIN: Final = 2_000
_GOAL: Final = 0.9


class Report(BaseModel):
    """Figures by set of sentences: content of ``evaluation.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sets: dict[str, Evaluation]
    """``generated en``, ``generated pt``: templates and values that training never saw; ``labelled en``: sentences of
    the optional data folder whose templates training never saw."""
    plain_texts: int
    masked: dict[str, dict[str, float]]
    """For everyday chat and posts, up to `plain_texts` of each: the share with a span of a type. Nicks stand in
    them, and some people's names: an upper bound of false alarms."""


def measure(tagger: SpanTagger, data_dir: Path | None, generated_rows: int, seed: int) -> Report:
    """Measure patterns and `tagger` together, as they mask, on `generated_rows` sentences and those of `data_dir`."""
    engine = analyzer(tagger)
    generated = generate(generated_rows, "test", seed)
    sets = {f"generated {code}": [s for s in generated if s.language == code] for code in ("en", "pt")}
    plain: dict[str, list[str]] = {}
    if data_dir is not None:
        sets["labelled en"] = labelled(data_dir, in_heldout=True)
        plain = {"chat en": chat_texts(data_dir, "test"), "posts pt": annotated_texts(data_dir, "test", "pt")}
    rng = random.Random(seed)  # noqa: S311 - a sample, no secret
    return Report(
        sets={name: evaluate(own, lambda texts: find_all(engine, texts)) for name, own in sets.items() if own},
        plain_texts=_PLAIN,
        masked={
            name: masked_share(rng.sample(texts, min(_PLAIN, len(texts))), lambda texts: find_all(engine, texts))
            for name, texts in plain.items()
            if texts
        },
    )


def markdown(report: Report) -> str:
    """Return the report as tables."""
    lines = ["# Personal data found by the full profile", ""]
    for name, found in report.sets.items():
        lines += [
            f"## {name}: {found.sentences} sentences of {found.templates} templates",
            "",
            "| type | labelled | precision | recall |",
            "| --- | ---: | ---: | ---: |",
            *(_row(kind, figures) for kind, figures in found.by_type.items()),
            _row("**all, types must agree**", found.overall),
            _row("all, whatever the type", found.any_type),
            _row("all, types and both ends must agree", found.exact),
            "",
            f"Goal, recall and precision of at least {_GOAL} over all types: {_verdict(found.overall)}.",
            "",
        ]
    for name, shares in report.masked.items():
        lines += [f"## {name}: at most {report.plain_texts} everyday texts", ""]
        lines += ["| type | share of texts |", "| --- | ---: |"]
        lines += [*(f"| {kind} | {share:.3f} |" for kind, share in shares.items()), ""]
    return "\n".join(lines).rstrip() + "\n"


def _row(name: str, figures: Figures) -> str:
    shown = ["-" if value is None else f"{value:.3f}" for value in (figures.precision, figures.recall)]
    return f"| {name} | {figures.labelled} | {shown[0]} | {shown[1]} |"


def _verdict(figures: Figures) -> str:
    return "met" if min(figures.precision or 0.0, figures.recall or 0.0) >= _GOAL else "not met"
