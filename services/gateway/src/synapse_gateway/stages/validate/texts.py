"""Rules of a text, wherever it stands in a request."""

from __future__ import annotations

from synapse_common.errors import InvalidInput


def check_text(text: str, path: str, max_chars: int) -> None:
    """Refuse a text that is empty, too long or not Unicode.

    Raises:
        InvalidInput: names `path`.
    """
    if not text.strip():
        raise InvalidInput(f"{path} is empty", field=path)
    if len(text) > max_chars:
        raise InvalidInput(f"{path} has {len(text)} characters; at most {max_chars}", field=path)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"{path} is not valid UTF-8", field=path) from None
