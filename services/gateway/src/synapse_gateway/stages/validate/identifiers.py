"""Rules of the identifiers that callers choose."""

from __future__ import annotations

import re

from synapse_common.errors import InvalidInput

_LONGEST = 200
_PRINTABLE = re.compile(r"[!-~]+")


def check_identifier(value: str, path: str) -> None:
    """Refuse an identifier that is empty, too long or not printable ASCII without spaces.

    Raises:
        InvalidInput: names `path`.
    """
    if not value:
        raise InvalidInput(f"{path} is empty", field=path)
    if len(value) > _LONGEST:
        raise InvalidInput(f"{path} has {len(value)} characters; at most {_LONGEST}", field=path)
    if not _PRINTABLE.fullmatch(value):
        raise InvalidInput(f"{path} may hold only printable ASCII characters without spaces", field=path)
