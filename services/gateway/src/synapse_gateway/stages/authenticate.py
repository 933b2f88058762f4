"""Who calls: the bearer token in the call's metadata."""

from __future__ import annotations

from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from synapse_common.errors import ConfigurationError, Unauthenticated
from synapse_common.identity import ALGORITHM, ROLES_CLAIM

from synapse_gateway.exchange import Caller, Exchange
from synapse_gateway.settings import AuthSettings

_REQUIRED = ["exp", "iss", "aud", "sub"]
_LONGEST_SUBJECT = 200


class Authenticate:
    """Accepts ES256 tokens of one issuer for one audience, and nothing else."""

    name = "authenticate"

    def __init__(self, settings: AuthSettings) -> None:
        """Read the issuer's public key.

        Raises:
            ConfigurationError: the key file is missing or holds no P-256 public key.
        """
        self._settings = settings
        self._key = _read_key(settings)

    async def __call__(self, exchange: Exchange) -> None:
        """Prove the caller.

        Raises:
            Unauthenticated: no token, or one that is malformed, expired, or not meant for us.
        """
        exchange.call.authenticated = self._caller_of(_bearer_token(exchange.call.authorization))

    def _caller_of(self, token: str) -> Caller:
        settings = self._settings
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=settings.audience,
                issuer=settings.issuer,
                leeway=settings.leeway_s,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("the token has expired; get a new one") from None
        except jwt.InvalidTokenError:
            # Which check failed is of use only to somebody who forges tokens.
            raise Unauthenticated("the token is not valid here") from None
        subject, roles = claims["sub"], claims.get(ROLES_CLAIM, [])
        if not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise Unauthenticated(f"the token's subject must have 1 to {_LONGEST_SUBJECT} characters")
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise Unauthenticated(f"the token's `{ROLES_CLAIM}` must be a list of strings")
        return Caller(subject, frozenset(roles))


def _bearer_token(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("send a token in the metadata: `authorization: Bearer <token>`")
    return token.strip()


def _read_key(settings: AuthSettings) -> EllipticCurvePublicKey:
    try:
        key = load_pem_public_key(settings.public_key.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(f"the issuer's public key {settings.public_key} cannot be read: {error}") from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ConfigurationError(f"the issuer's public key {settings.public_key} is not a P-256 key")
    return key
