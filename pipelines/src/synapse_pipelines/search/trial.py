"""One trial: train with certain settings, tell the figures of every look at validation, name the best.

``python -m synapse_pipelines.search.trial`` is what a Katib trial runs. Each look is one line on stdout, in the form
that Katib's metrics collector reads; the last line tells the figures of the weights that training kept.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from synapse_common.decision import Floats

from synapse_pipelines.data.storage import is_remote
from synapse_pipelines.progress import ignore
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.search.data import write_trial_data
from synapse_pipelines.search.figures import Figures, figures
from synapse_pipelines.training.backends.staging import fetch_folder
from synapse_pipelines.training.encoder import resolve_encoder
from synapse_pipelines.training.train import train_model

METRICS: Final = ("objective", "loss", "accuracy", "f1", "macro_auprc")
"""What a trial prints of its figures, the one that counts first."""

RECIPE_VARIABLE: Final = "SYNAPSE_TRIAL_RECIPE"
"""Names the variable that tells a trial its recipe: Katib would put JSON in an argument into a shell as it is."""

OnFigures = Callable[[Figures], None]


def tuned(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """Return `recipe` with the searched settings set to `values`.

    Raises:
        ValidationError: a name or a value does not fit the recipe.
    """
    return Recipe.model_validate(recipe.model_dump() | dict(values))


def run_trial(dataset: Path, recipe: Recipe, base_encoder: str, on_look: OnFigures) -> Figures:
    """Train with `recipe` on the rows in `dataset` (as of `write_trial_data`) and return the best look's figures.

    `on_look` gets the figures of each look and may raise to stop the trial. The best look is the one that training
    keeps the weights of: the best by macro AUPRC, the last of equals.

    Raises:
        DataError: the rows cannot be used.
        TrainingError: training failed, with settings that do not work for instance.
    """
    looks: list[Figures] = []

    def look(logits: Floats, labels: Floats) -> None:
        looks.append(figures(logits, labels, recipe.seed))
        on_look(looks[-1])

    # The looks are the search's; its own settings have no part in training.
    own = recipe.without_search().model_copy(update={"evaluations": recipe.search.looks})
    with tempfile.TemporaryDirectory(prefix="trial-") as scratch:
        train_model(dataset, own, base_encoder, Path(scratch), ignore, on_look=look)
    return max(reversed(looks), key=lambda one: round(one.macro_auprc, 5))


def print_figures(found: Figures) -> None:
    """Print `found` as one line of name=value, which a metrics collector reads."""
    print(" ".join(f"{name}={getattr(found, name):.6f}" for name in METRICS), flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Run one trial, told on the command line; searched settings are ``name=value``."""
    parser = argparse.ArgumentParser(
        description=f"Train once with certain settings and print the figures. {RECIPE_VARIABLE}: the recipe in JSON."
    )
    parser.add_argument("--dataset", required=True, help="folder or s3:// address of a prepared data set")
    parser.add_argument("--base-encoder", help="folder, s3:// address of one, or Hugging Face id")
    parser.add_argument("settings", nargs="+", metavar="name=value", help="settings of the recipe")
    told = parser.parse_args(arguments)
    recipe = Recipe.model_validate_json(os.environ[RECIPE_VARIABLE])
    values = dict(pair.split("=", 1) for pair in told.settings)
    with tempfile.TemporaryDirectory(prefix="search-") as scratch:
        work = Path(scratch)
        dataset, encoder = _at_hand(told.dataset, work / "all"), told.base_encoder
        if encoder is not None:
            encoder = _at_hand(encoder, work / Path(encoder).name)
        write_trial_data(Path(dataset), recipe.search, recipe.seed, work / "data")
        encoder = resolve_encoder(encoder, work / "encoders")
        print_figures(run_trial(work / "data", tuned(recipe, values), encoder, print_figures))


def _at_hand(address: str, folder: Path) -> str:
    """Return `folder` with what lies at the ``s3://`` address; anything else is returned as it is."""
    if not is_remote(address):
        return address
    fetch_folder(address, folder)
    return str(folder)


if __name__ == "__main__":
    main()
