import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from gateway_fakes.exchanges import call
from synapse_common.errors import ConfigurationError, Unauthenticated
from synapse_common.identity import LocalIssuer
from synapse_gateway.exchange import Caller, Exchange
from synapse_gateway.settings import AuthSettings
from synapse_gateway.stages.authenticate import Authenticate

KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def stage(tmp_path: Path) -> Authenticate:
    path = tmp_path / "key.pem"
    path.write_bytes(PEM)
    return Authenticate(AuthSettings(public_key=path, issuer="me", audience="synapse"))


def token(key: Any = KEY, algorithm: str | None = "ES256", **claims: Any) -> str:
    now = int(time.time())
    given = {"iss": "me", "aud": "synapse", "sub": "ana", "exp": now + 60, "roles": ["user"], **claims}
    return jwt.encode({name: value for name, value in given.items() if value is not None}, key, algorithm=algorithm)


async def caller_of(stage: Authenticate, authorization: str | None) -> Caller:
    exchange = Exchange(call())
    exchange.call.authenticated = None
    exchange.call.authorization = authorization
    await stage(exchange)
    return exchange.call.caller


def signed_with_the_public_key() -> str:
    """The classic confusion: HMAC with what everybody knows."""

    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    claims = {"iss": "me", "aud": "synapse", "sub": "root", "exp": int(time.time()) + 60, "roles": ["service"]}
    head = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + b"." + part(json.dumps(claims).encode())
    return (head + b"." + part(hmac.new(PEM, head, hashlib.sha256).digest())).decode()


async def test_a_good_token_says_who_calls(stage: Authenticate) -> None:
    assert await caller_of(stage, f"Bearer {token()}") == Caller("ana", frozenset({"user"}))
    assert await caller_of(stage, f"bearer  {token(roles=None)}") == Caller("ana", frozenset())


async def test_the_local_issuers_tokens_are_good(tmp_path: Path) -> None:
    issuer = LocalIssuer()
    (tmp_path / "key.pem").write_bytes(issuer.public_key_pem)
    stage = Authenticate(AuthSettings(public_key=tmp_path / "key.pem"))
    caller = await caller_of(stage, "Bearer " + issuer.mint("rui", roles=["viewer"], ttl_s=60))
    assert caller == Caller("rui", frozenset({"viewer"}))


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "token"])
async def test_no_token_is_told_how_to_send_one(stage: Authenticate, authorization: str | None) -> None:
    with pytest.raises(Unauthenticated, match="authorization: Bearer"):
        await caller_of(stage, authorization)


async def test_an_expired_token_is_told_so(stage: Authenticate) -> None:
    with pytest.raises(Unauthenticated, match="expired"):
        await caller_of(stage, "Bearer " + token(exp=int(time.time()) - 60))


# Made when a test runs, not when it is collected: tokens differ from process to process, and so would the tests' names.
BAD_TOKENS: dict[str, Callable[[], str]] = {
    "other audience": lambda: token(aud="elsewhere"),
    "other issuer": lambda: token(iss="somebody"),
    "no expiry": lambda: token(exp=None),
    "no subject": lambda: token(sub=None),
    "no audience": lambda: token(aud=None),
    "no issuer": lambda: token(iss=None),
    "subject not text": lambda: token(sub=7),
    "empty subject": lambda: token(sub=""),
    "long subject": lambda: token(sub="x" * 201),
    "roles not a list": lambda: token(roles="service"),
    "role not text": lambda: token(roles=[1]),
    "not valid yet": lambda: token(nbf=int(time.time()) + 3600),
    "other key": lambda: token(key=ec.generate_private_key(ec.SECP256R1())),
    "not signed": lambda: token(key=None, algorithm="none"),
    "other curve": lambda: token(key=ec.generate_private_key(ec.SECP384R1()), algorithm="ES384"),
    "other algorithm": lambda: token(key=rsa.generate_private_key(65537, 2048), algorithm="RS256"),
    "signed with the public key": signed_with_the_public_key,
    "cut off": lambda: token()[:-3],
    "no token at all": lambda: "a.b.c",
    "not ASCII": lambda: "é",
}


@pytest.mark.parametrize("name", BAD_TOKENS)
async def test_a_forged_or_foreign_token_is_refused(stage: Authenticate, name: str) -> None:
    with pytest.raises(Unauthenticated):
        await caller_of(stage, f"Bearer {BAD_TOKENS[name]()}")


@pytest.mark.parametrize("content", [b"", b"rubbish", b"rsa", None])
def test_a_key_file_that_is_none_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key.pem"
    if content == b"rsa":
        content = (
            rsa.generate_private_key(65537, 2048)
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"key\.pem"):
        Authenticate(AuthSettings(public_key=path))
