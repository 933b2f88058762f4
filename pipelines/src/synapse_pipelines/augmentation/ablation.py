"""What each method of augmentation gives: the same small recipe trained with it off and on.

``python -m synapse_pipelines.augmentation.ablation --dataset DIR`` augments one prepared data set in several ways and
trains from each. Same seed, same rows of people, same number of steps, same test rows: what differs is the method.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import Floats

from synapse_pipelines.augmentation.augment import FUNCTIONAL, augment_dataset
from synapse_pipelines.augmentation.chat import ChatClient, chat_client
from synapse_pipelines.augmentation.obfuscation import obfuscate
from synapse_pipelines.augmentation.recipe import AugmentationRecipe
from synapse_pipelines.data.dataset import load_info, load_split
from synapse_pipelines.errors import AugmentationError
from synapse_pipelines.evaluation.bootstrap import Estimate, draw, estimate, rate_replicates
from synapse_pipelines.evaluation.comparison import Comparison, compare
from synapse_pipelines.evaluation.measured import Measured
from synapse_pipelines.evaluation.thresholds import load_decisions
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.progress import OnEvent, print_event
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.encoder import resolve_encoder
from synapse_pipelines.training.predict import torch_logits
from synapse_pipelines.training.train import train_model
from synapse_pipelines.workflows.versions import git_commit

NONE: Final = "none"
_OFF: Final[dict[str, Any]] = {
    "template_rows": 0,
    "obfuscated_share": 0.0,
    "paraphrase_share": 0.0,
    "back_translation_rows": 0,
    "llm_rows": 0,
}
_PARAPHRASED: Final = 0.3  # tried where the recipe has paraphrasing off


class ArmFigures(BaseModel):
    """One way to augment; the figures are those of the model trained on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arm: str
    train_rows: dict[str, int]
    """By method; rows that people wrote count as ``real``."""
    steps: int
    macro_auprc: dict[str, Estimate]
    """On people's test rows, by language and for ``all``."""
    gain: Comparison | None
    """Against no augmentation on the same test rows; null for that itself."""
    attacked_macro_auprc: Estimate | None
    """On the test rows of all languages, half of the words of each hidden by one trick."""
    attacked_gain: Comparison | None
    functional_accuracy: Estimate
    """Share of right verdicts on sentences of phrase-bank lines that no model was trained on."""
    contrast_false_positive_rate: Estimate
    """Share flagged of the harmless ones of these sentences."""


class Ablation(BaseModel):
    """The whole comparison: content of ``ablation.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    created: datetime
    environment: Environment
    data_version: str
    base_encoder: str
    recipe: Recipe
    arms: list[ArmFigures]


def arms_of(augmentation: AugmentationRecipe) -> dict[str, AugmentationRecipe]:
    """Return what is compared: nothing, each method alone, and those that `augmentation` has on together.

    Methods that need a model or an upstream are there only where `augmentation` has them on.
    """
    alone: dict[str, dict[str, Any]] = {
        "templates": {"template_rows": augmentation.template_rows or 4_000},
        "obfuscation": {"obfuscated_share": augmentation.obfuscated_share or 0.06},
        "paraphrases": {"paraphrase_share": augmentation.paraphrase_share or _PARAPHRASED},
        "back translation": {"back_translation_rows": augmentation.back_translation_rows},
        "chat model": {"llm_rows": augmentation.llm_rows},
    }
    told = {name: changes for name, changes in alone.items() if all(changes.values())}
    on = {name: value for name in _OFF if (value := getattr(augmentation, name))}
    together = {**on, "paraphrase_share": augmentation.paraphrase_share or _PARAPHRASED}
    changed: dict[str, dict[str, Any]] = {NONE: {}, **told, "as the recipe says": on, "all of these": together}
    return {name: augmentation.model_copy(update=_OFF | changes) for name, changes in changed.items()}


def run_ablation(
    dataset: Path, recipe: Recipe, base_encoder: str, out: Path, on_event: OnEvent, chat: ChatClient | None = None
) -> Ablation:
    """Augment the data set prepared in `dataset` in each way, train from each, and measure; models stay under `out`.

    Raises:
        AugmentationError: the data set is generated itself, so its test rows are sentences of the phrase banks.
    """
    info = load_info(dataset)
    if info.name == "generated":
        raise AugmentationError("an ablation needs labelled data: on generated data there is nothing to gain")
    recipe = recipe.model_copy(update={"max_minutes": None})  # arms end by their steps, not by the clock
    arms = arms_of(recipe.augmentation)
    rows: dict[str, dict[str, int]] = {}
    for arm, augmentation in arms.items():
        settings = recipe.model_copy(update={"augmentation": augmentation})
        folder = _folder(out, arm) / "data"
        augmented = augment_dataset(dataset, settings, folder, on_event, base_encoder=base_encoder, chat=chat)
        rows[arm] = augmented.rows["train"]
    measure = _Measure(
        load_split(dataset, "test"), _common_functional([_folder(out, arm) for arm in arms]), recipe.seed
    )
    found: list[ArmFigures] = []
    settings = recipe
    for arm in arms:
        folder = _folder(out, arm)
        summary = train_model(folder / "data", settings, base_encoder, folder, on_event)
        if arm == NONE:
            settings = as_long_as(recipe, summary.steps, summary.rows_seen)
        found.append(measure.arm(arm, folder, rows[arm], summary.steps, recipe.max_tokens))
    return Ablation(
        created=datetime.now(UTC).replace(microsecond=0),
        environment=Environment.here(git_commit()),
        data_version=info.version,
        base_encoder=Path(base_encoder).name,
        recipe=recipe,
        arms=found,
    )


def as_long_as(recipe: Recipe, steps: int, rows_seen: int) -> Recipe:
    """Return `recipe` for a training of exactly `steps` steps on at least as many rows as one that saw `rows_seen`.

    It plans more than it takes: its rows may be shorter than the other's, and `min_rows_seen` of the recipe may have
    sent the smaller data set through once more than a larger one.
    """
    return recipe.model_copy(update={"max_steps": steps, "min_rows_seen": 2 * rows_seen})


def markdown_table(ablation: Ablation) -> str:
    """Return the comparison as a Markdown table."""
    languages = list(ablation.arms[0].macro_auprc)
    heads = ["method", "generated rows", *(f"macro AUPRC {name}" for name in languages), "gain", "attacked macro AUPRC"]
    heads += ["attacked gain", "functional accuracy", "contrast false positives"]
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    for one in ablation.arms:
        generated = sum(count for method, count in one.train_rows.items() if method != "real")
        cells = [one.arm, f"{generated:,}", *(str(one.macro_auprc[name]) for name in languages), _gain(one.gain)]
        cells += [str(one.attacked_macro_auprc), _gain(one.attacked_gain)]
        cells += [str(one.functional_accuracy), str(one.contrast_false_positive_rate)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


class _Measure:
    """The rows that every arm's model is asked about, and the first arm's answers, which others are compared with."""

    def __init__(self, test: pd.DataFrame, functional: pd.DataFrame, seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311 - repeatable data, no secrets
        self._test = test
        self._attacked = [obfuscate(text, rng) for text in test["text"]]
        self._functional = functional
        self._counts = draw(len(test), seed)
        self._by_line = draw(len(functional), seed, clusters=pd.factorize(functional["source"])[0])
        self._groups: dict[str, NDArray[np.bool_]] = {"all": np.ones(len(test), dtype=np.bool_)}
        self._groups |= {name: (test["language"] == name).to_numpy() for name in ("en", "pt")}
        self._plain: Floats | None = None
        self._plain_attacked: Floats | None = None

    def arm(self, arm: str, folder: Path, rows: Mapping[str, int], steps: int, max_tokens: int) -> ArmFigures:
        """Return the figures of the model in `folder`."""
        model = classifier.load(folder / "model").to(classifier.device())
        tokenizer = classifier.load_tokenizer(str(folder / "model"))
        rule = load_decisions(folder).rule

        def measured(texts: Sequence[str], labelled: pd.DataFrame) -> Measured:
            return Measured.of(torch_logits(model, tokenizer, texts, max_tokens), rule, labelled)

        plain = measured(self._test["text"].tolist(), self._test)
        attacked = measured(self._attacked, self._test)
        functional = measured(self._functional["text"].tolist(), self._functional)
        gain = attacked_gain = None
        if self._plain is None or self._plain_attacked is None:
            self._plain, self._plain_attacked = plain.scores, attacked.scores
        else:
            gain = compare(NONE, plain, self._plain, self._groups, self._counts)
            attacked_gain = compare(NONE, attacked, self._plain_attacked, self._groups, self._counts)
        macro = {name: plain.at(part).macro(self._counts[:, part]) for name, part in self._groups.items()}
        known, harmless = ~np.isnan(functional.truth), functional.truth == 0
        return ArmFigures(
            arm=arm,
            train_rows=dict(rows),
            steps=steps,
            macro_auprc={name: one for name, one in macro.items() if one is not None},
            gain=gain,
            attacked_macro_auprc=attacked.macro(self._counts),
            attacked_gain=attacked_gain,
            functional_accuracy=self._share(functional.flagged == (functional.truth == 1), known),
            contrast_false_positive_rate=self._share(functional.flagged, harmless),
        )

    def _share(self, hits: NDArray[np.bool_], rows: NDArray[np.bool_]) -> Estimate:
        return estimate(float(hits[rows].mean()), rate_replicates(self._by_line[:, rows], hits[rows]))


def _folder(out: Path, arm: str) -> Path:
    return out / arm.replace(" ", "-")


def _common_functional(folders: Sequence[Path]) -> pd.DataFrame:
    """The functional tests that every arm has: each leaves out what its own training rows say."""
    tables = [pd.read_parquet(folder / "data" / FUNCTIONAL) for folder in folders]
    common = set.intersection(*(set(table["key"]) for table in tables))
    return tables[0][tables[0]["key"].isin(common)].reset_index(drop=True)


def _gain(comparison: Comparison | None) -> str:
    return "-" if comparison is None else str(comparison.gain.get("all", "-"))


def main(arguments: Sequence[str]) -> None:
    """Run the ablation from the command line; prints the table and writes it as JSON and Markdown."""
    parser = argparse.ArgumentParser(description="Train with each method of augmentation off and on.")
    parser.add_argument("--dataset", type=Path, required=True, help="folder of prepared, not yet augmented data")
    parser.add_argument("--encoder", help="folder or Hugging Face id; default: the best one at hand")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="demo")
    parser.add_argument("--augmentation", help="JSON of other settings of augmentation than the preset's")
    parser.add_argument("--work", type=Path, default=Path("build/ablation"), help="folder for the data and models")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    given = parser.parse_args(arguments)
    recipe = PRESETS[given.preset]
    if given.augmentation:
        changed = AugmentationRecipe.model_validate(recipe.augmentation.model_dump() | json.loads(given.augmentation))
        recipe = recipe.model_copy(update={"augmentation": changed})
    encoder = resolve_encoder(given.encoder, given.work / "encoders")
    chat = chat_client(recipe.augmentation)
    found = run_ablation(given.dataset, recipe, encoder, given.work, print_event, chat)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "ablation.json").write_text(found.model_dump_json(indent=2), encoding="utf-8")
    table = markdown_table(found)
    (given.out / "ablation.md").write_text(f"{table}\n", encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
