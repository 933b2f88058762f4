import jwt
import pytest
from synapse_common.identity import ALGORITHM, ROLES_CLAIM, LocalIssuer


def test_a_token_is_verified_with_the_public_key_and_carries_its_claims() -> None:
    issuer = LocalIssuer(issuer="here", audience="there")
    token = issuer.mint("ana", roles=["user", "viewer"], ttl_s=60)
    claims = jwt.decode(token, issuer.public_key_pem, algorithms=[ALGORITHM], audience="there", issuer="here")
    assert claims["sub"] == "ana"
    assert claims[ROLES_CLAIM] == ["user", "viewer"]
    assert claims["exp"] - claims["iat"] == 60


def test_two_issuers_do_not_share_a_key() -> None:
    token = LocalIssuer().mint("ana", roles=["user"], ttl_s=60)
    other = LocalIssuer()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, other.public_key_pem, algorithms=[ALGORITHM], audience=other.audience)


def test_the_private_key_is_not_in_what_is_published() -> None:
    assert b"PRIVATE" not in LocalIssuer().public_key_pem
