"""Pseudonyms: a keyed hash of the subject, so that one user's feedback can be told together but not whose it is."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from synapse_common.errors import ConfigurationError

_KEY_FILE = "pseudonym.key"
_KEY_BYTES = 32


def pseudonym(key: bytes, subject: str) -> str:
    """HMAC-SHA-256 of the subject (RFC 2104), shortened to 128 bits, in hexadecimal."""
    return hmac.new(key, subject.encode(), hashlib.sha256).hexdigest()[:32]


def kept_key(folder: Path) -> bytes:
    """The key kept in `folder`, made on first use (mode 600). For one machine; set the key where the data travels.

    Raises:
        ConfigurationError: the key can be neither read nor made.
    """
    path = folder / _KEY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
        else:
            key = secrets.token_bytes(_KEY_BYTES)
            with os.fdopen(descriptor, "wb") as file:
                file.write(key)
    except OSError as error:
        raise ConfigurationError(f"the pseudonym key {path} cannot be used: {error}") from None
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(f"the pseudonym key {path} does not hold {_KEY_BYTES} bytes; remove it for a new one")
    return key
