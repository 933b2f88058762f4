"""Masking that can be undone, by whoever holds the key and by nobody else.

What the placeholders stand for goes along with the masked text as a Fernet token (AES-128-CBC with an HMAC; the
library's recipe, so that there is no nonce or tag to get wrong). Without the key the token says nothing but its length.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from synapse_common.errors import InvalidInput, PermissionDenied
from synapse_common.pii.masker import Masker


def new_key() -> SecretStr:
    """Return a fresh key."""
    return SecretStr(Fernet.generate_key().decode())


def seal(masker: Masker, key: SecretStr) -> str:
    """Return the token that undoes what `masker` masked.

    Raises:
        InvalidInput: `key` is no key.
    """
    return _fernet(key).encrypt(json.dumps(masker.values).encode()).decode()


def unmask(masked: Sequence[str], token: str, key: SecretStr) -> list[str]:
    """Return the `masked` texts of a conversation with the values that `token` holds in place of their placeholders.

    Give the masker the original texts as `reserved` when it is made: else a placeholder that a text held from the start
    cannot be told from one that masking put there.

    Raises:
        PermissionDenied: the key is not the one that sealed the token, or the token was changed.
        InvalidInput: `key` is no key.
    """
    try:
        values: dict[str, str] = json.loads(_fernet(key).decrypt(token.encode()))
    except InvalidToken:
        raise PermissionDenied("this key does not open the masked text's token, or the token was changed") from None
    if not values:
        return list(masked)
    placeholder = re.compile("|".join(map(re.escape, values)))
    return [placeholder.sub(lambda found: values[found.group()], text) for text in masked]


def _fernet(key: SecretStr) -> Fernet:
    try:
        return Fernet(key.get_secret_value())
    except ValueError:
        raise InvalidInput("a masking key is 32 random bytes in URL-safe base64, as `new_key` makes") from None
