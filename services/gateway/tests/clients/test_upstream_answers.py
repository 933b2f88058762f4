import json
from typing import Any

import pytest
from gateway_fakes.upstream import completion
from synapse_common.errors import Unavailable
from synapse_gateway.clients.upstream_answers import parse_piece, parse_whole
from synapse_gateway.exchange import Finish, Usage


def whole(**changes: Any) -> bytes:
    return json.dumps({**completion("hi"), **changes}).encode()


def choice(**fields: Any) -> list[dict[str, Any]]:
    return [{"message": {"content": "hi"}, "finish_reason": "stop", **fields}]


def test_an_answer_is_read() -> None:
    reply = parse_whole(whole())
    assert (reply.text, reply.model, reply.finish, reply.usage) == ("hi", "fake-model", Finish.STOP, Usage(5, 3))


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", Finish.STOP), ("length", Finish.LENGTH), ("content_filter", Finish.CONTENT_FILTER), ("eos", Finish.STOP)],
)
def test_finish_reasons(reason: str, finish: Finish) -> None:
    assert parse_whole(whole(choices=choice(finish_reason=reason))).finish is finish


def test_invisible_characters_go_and_what_is_absent_is_absent() -> None:
    body = b'{"choices": [{"message": {"content": "a\\u202e\\u200bb"}}]}'
    reply = parse_whole(body)
    assert (reply.text, reply.model, reply.finish, reply.usage) == ("ab", "", None, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{not json",
        b"<html>bad gateway</html>",
        b"[1, 2]",
        b"{}",
        b"\xff\xfe",
        b'{"choices": [{"message": {"content": "\\ud800"}}]}',
        whole(choices=[]),
        whole(choices=5),
        whole(choices=[{}]),
        whole(choices=choice(message={"content": 5})),
        whole(choices=choice(finish_reason=7)),
        whole(usage={"prompt_tokens": -1, "completion_tokens": 0}),
        whole(usage={"prompt_tokens": 2**40, "completion_tokens": 0}),
        whole(model={"a": 1}),
        whole(model="x" * 300),
    ],
)
def test_anything_else_is_nonsense(body: bytes) -> None:
    with pytest.raises(Unavailable, match="nonsense"):
        parse_whole(body)


def test_a_piece_without_choices_carries_the_usage() -> None:
    reply = parse_piece({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
    assert (reply.text, reply.finish, reply.usage) == ("", None, Usage(1, 2))


@pytest.mark.parametrize("event", ["text", [1], {}, None, {"choices": [{"delta": {"content": 1}}]}, {"choices": [1]}])
def test_a_piece_that_is_none_is_nonsense(event: Any) -> None:
    with pytest.raises(Unavailable, match="nonsense"):
        parse_piece(event)
