"""Who a caller is: the claims of Synapse's tokens, and an issuer for one machine.

Tokens are JSON Web Tokens (RFC 7519) signed with ES256 (RFC 7518, section 3.4). On a cluster they come from an OIDC
issuer; `LocalIssuer` stands in for it where there is none.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ALGORITHM: Final = "ES256"
LOCAL_ISSUER: Final = "synapse-local"
AUDIENCE: Final = "synapse"
ROLES_CLAIM: Final = "roles"


class LocalIssuer:
    """Signs tokens for one machine with a key that never leaves this process's memory."""

    def __init__(self, *, issuer: str = LOCAL_ISSUER, audience: str = AUDIENCE) -> None:
        """Make a new key pair (NIST P-256)."""
        self.issuer = issuer
        self.audience = audience
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key_pem(self) -> bytes:
        """What a verifier needs to check the tokens."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def mint(self, subject: str, *, roles: Sequence[str], ttl_s: float) -> str:
        """Issue a token that is valid from now on, for `ttl_s` seconds."""
        now = time.time()
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "iat": int(now),
            "exp": int(now + ttl_s),
            "jti": uuid.uuid4().hex,
            ROLES_CLAIM: list(roles),
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)
