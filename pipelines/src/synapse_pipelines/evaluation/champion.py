"""The present champion: the model that a candidate is compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from synapse_common.bundle import MANIFEST_NAME, Bundle, load_manifest
from synapse_common.errors import NotFound

from synapse_pipelines.registry.models import CHAMPION, fetch_bundle, find

DEFAULT_BUNDLE: Final = Path("models/moderation")
"""The bundle that the repository carries, seen from its root."""

_REGISTRY: Final = "models:/"


def present_champion(model: str, tracking_uri: str) -> tuple[str, str]:
    """Return where the present champion is, as `open_champion` takes it, and its version; two empty strings for none.

    It is the version of `model` that the registry's alias ``champion`` points to, or else the bundle that the
    repository carries. A candidate that nobody promoted is no champion: each run would depend on the one before.
    """
    try:
        return f"{_REGISTRY}{model}@{CHAMPION}", find(model, CHAMPION, tracking_uri).bundle_version
    except NotFound:
        if (DEFAULT_BUNDLE / MANIFEST_NAME).is_file():
            return str(DEFAULT_BUNDLE.resolve()), load_manifest(DEFAULT_BUNDLE).version
    return "", ""


def open_champion(champion: str, tracking_uri: str, scratch: Path) -> Bundle:
    """Return the verified bundle `champion`: a folder, or ``models:/<name>@<alias>``, which is fetched into `scratch`.

    Raises:
        NotFound: the registry has no such model or alias.
        BundleError: it is not a whole moderation bundle.
    """
    if not champion.startswith(_REGISTRY):
        return Bundle.open(Path(champion), kind="moderation")
    name, _, alias = champion.removeprefix(_REGISTRY).partition("@")
    return fetch_bundle(name, alias, kind="moderation", tracking_uri=tracking_uri, target=scratch)
