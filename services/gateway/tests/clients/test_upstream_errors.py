import httpx2
import openai
import pytest
from synapse_common.errors import (
    DeadlineExceeded,
    Internal,
    InvalidInput,
    ResourceExhausted,
    SynapseError,
    Unavailable,
)
from synapse_gateway.clients.upstream_errors import upstream_errors

REQUEST = httpx2.Request("POST", "http://upstream/v1")


def refusal(status: int, code: str | None = None, **headers: str) -> openai.APIStatusError:
    response = httpx2.Response(
        status, request=REQUEST, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )
    return openai.APIStatusError("secret detail", response=response, body={"code": code})


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (TimeoutError(), DeadlineExceeded),
        (openai.APITimeoutError(REQUEST), DeadlineExceeded),
        (openai.APIConnectionError(request=REQUEST), Unavailable),
        (openai.APIError("boom", REQUEST, body=None), Unavailable),
        (ValueError("not json"), Unavailable),
        (refusal(429), ResourceExhausted),
        (refusal(401), Unavailable),
        (refusal(403), Unavailable),
        (refusal(500), Unavailable),
        (refusal(503), Unavailable),
        (refusal(408), Unavailable),
        (refusal(400, "context_length_exceeded"), InvalidInput),
        (refusal(400), Internal),
        (refusal(404, "model_not_found"), Internal),
    ],
)
def test_what_goes_wrong_upstream_is_said_in_our_terms(error: Exception, ours: type[SynapseError]) -> None:
    with pytest.raises(ours) as caught, upstream_errors():
        raise error
    assert "secret detail" not in caught.value.message


@pytest.mark.parametrize(
    ("header", "seconds"), [({"retry_after": "12"}, 12.0), ({"retry_after": "soon"}, 1.0), ({}, 1.0)]
)
def test_a_rate_limit_says_when_to_come_back(header: dict[str, str], seconds: float) -> None:
    with pytest.raises(ResourceExhausted) as caught, upstream_errors():
        raise refusal(429, **header)
    assert caught.value.retry_after_s == seconds
