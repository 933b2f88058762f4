"""Pseudonyms: a keyed hash of the subject, so that one user's feedback can be told together but not whose it is."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
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
        if not path.exists():
            _keep(path, secrets.token_bytes(_KEY_BYTES))
        key = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the pseudonym key {path} cannot be used: {error}") from None
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(f"the pseudonym key {path} does not hold {_KEY_BYTES} bytes; remove it for a new one")
    return key


def _keep(path: Path, key: bytes) -> None:
    """Write the whole key or nothing: a crash on the way leaves no short file under the key's name."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # mode 600
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(descriptor)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
