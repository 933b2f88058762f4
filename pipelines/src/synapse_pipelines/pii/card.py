"""The tagger's model card, from what its training wrote: ``python -m synapse_pipelines.pii.card models/pii``."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from synapse_pipelines.pii.model import INFO_FILE, TaggerInfo
from synapse_pipelines.pii.report import Report
from synapse_pipelines.registry.card.known import OWN_LICENCE, attribution, attributions, encoder, licence_texts

CARD_FILE: Final = "CARD.md"
_ENOUGH: Final = 0.9
_CHAT, _PRESIDIO = "chat_logs", "presidio"
_POSTS_LICENCES: Final = (
    "CC-BY-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-3.0-ES",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
)


def write_card(folder: Path) -> None:
    """Write ``CARD.md`` into the tagger's `folder`, from ``tagger.json`` and ``evaluation.json`` there."""
    info = TaggerInfo.model_validate_json((folder / INFO_FILE).read_bytes())
    report = Report.model_validate_json((folder / "evaluation.json").read_bytes())
    (folder / CARD_FILE).write_text(markdown_card(info, report), encoding="utf-8")


def markdown_card(info: TaggerInfo, report: Report) -> str:
    """Return the card as Markdown. Which sources training had is known by what the tagger was measured on."""
    base = encoder(info.base_encoder)
    labelled, plain = "labelled en" in report.sets, bool(report.masked)
    named = [OWN_LICENCE, base.licence, "MIT", *(_POSTS_LICENCES if plain else ())]
    return _TEMPLATE.render(
        info=info,
        report=report,
        licence=OWN_LICENCE,
        encoder=base,
        labelled=labelled,
        plain=plain,
        presidio=attribution(_PRESIDIO),
        chat=attribution(_CHAT),
        posts={name: one for name, one in attributions().items() if name not in {_CHAT, _PRESIDIO}},
        texts=licence_texts(named),
        missed=_missed(report),
    )


def _missed(report: Report) -> dict[str, list[str]]:
    """By set of sentences, the types of which too few are found."""
    missed = {
        name: [
            kind for kind, figures in found.by_type.items() if figures.recall is not None and figures.recall < _ENOUGH
        ]
        for name, found in report.sets.items()
    }
    return {name: kinds for name, kinds in missed.items() if kinds}


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


# The card is Markdown, which a browser never reads as HTML.
_ENVIRONMENT = Environment(autoescape=False, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)  # noqa: S701
_ENVIRONMENT.filters["figure"] = _figure
_TEMPLATE = _ENVIRONMENT.from_string(files(__package__).joinpath("card.md.j2").read_text("utf-8"))


if __name__ == "__main__":
    write_card(Path(sys.argv[1]))
