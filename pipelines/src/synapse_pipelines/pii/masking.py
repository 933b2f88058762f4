"""Mask the personal data of many texts; the profile says how thoroughly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from synapse_common.pii import Masker, mask_pii
from synapse_common.settings import load_settings

from synapse_pipelines.errors import DataError
from synapse_pipelines.recipe import PiiProfile
from synapse_pipelines.settings import TrainingSettings

if TYPE_CHECKING:
    from synapse_pipelines.pii.phrases import Span

TAGGERS: Final = (Path("build/pii"), Path("models/pii"))
"""Folders that a tagger is looked for in where no setting names one. One trained here comes before the repository's."""


def mask_texts(texts: Sequence[str], profile: PiiProfile) -> list[str]:
    """Return `texts` with personal data replaced by placeholders such as ``<EMAIL_1>``, numbered in each text anew.

    ``fast`` finds what has a form; ``full`` names, places, organisations and addresses besides.

    Raises:
        DataError: the full profile has no tagger.
    """
    match profile:
        case "fast":
            return [mask_pii(text).text for text in texts]
        case "full":
            found = _full_profile(tagger_folder())(texts)
            return [
                Masker().mask_found(text, [(kind, start, end) for start, end, kind in spans]).text
                for text, spans in zip(texts, found, strict=True)
            ]


def tagger_folder() -> Path:
    """Return the folder of the tagger that the full profile uses.

    Raises:
        DataError: there is none.
    """
    named = load_settings(TrainingSettings).pii_tagger
    folders = TAGGERS if named is None else (named,)
    for folder in folders:
        if (folder / "tagger.json").is_file():
            return folder.resolve()
    looked = " or ".join(map(str, folders))
    raise DataError(f"no tagger of names in {looked}: run `python -m synapse_pipelines.pii.train`, some minutes")


@cache
def _full_profile(folder: Path) -> Callable[[Sequence[str]], list[list[Span]]]:
    # Presidio and the tagger load for seconds, and training, which the tagger's file format needs, imports this module.
    from synapse_pipelines.pii.engine import analyzer, find_all
    from synapse_pipelines.pii.model import SpanTagger

    engine = analyzer(SpanTagger(folder))
    return lambda texts: find_all(engine, texts)
