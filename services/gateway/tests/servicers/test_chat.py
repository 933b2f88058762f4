import asyncio
import json

import grpc
import pytest
from gateway_fakes.predictors import BAD_WORD
from gateway_fakes.system import System
from gateway_fakes.upstream import USAGE, chunk, respond, says, start_stream, streams
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from synapse.v1 import chat_pb2 as pb


def request(*texts: str, **fields: object) -> pb.CompleteRequest:
    messages = [pb.ChatMessage(role=pb.ROLE_USER, content=text) for text in texts]
    return pb.CompleteRequest(messages=messages, **fields)


def stream_request(*texts: str) -> pb.StreamRequest:
    return pb.StreamRequest(messages=request(*texts).messages)


async def test_complete_answers_and_says_who_did(system: System) -> None:
    system.upstream.reply = says("Good morning.")
    async with system.client() as client:
        response = await client.chat.Complete(request("hi", conversation_id="c-7"))
    assert response.content == "Good morning."
    assert response.finish_reason == pb.FINISH_REASON_STOP
    assert response.conversation_id == "c-7"
    assert response.message_id
    assert not response.HasField("blocked")
    assert (response.usage.prompt_tokens, response.usage.completion_tokens) == (5, 3)
    assert response.provenance.chat_model == "fake-model"
    assert response.provenance.moderation_model_version == "v1"


async def test_personal_data_reaches_neither_the_upstream_nor_the_caller(system: System) -> None:
    system.upstream.reply = says("Write to <EMAIL_1> or to rui@example.org.")
    async with system.client() as client:
        response = await client.chat.Complete(request("I am ana@example.com"))
    assert system.upstream.requests[0]["messages"] == [{"role": "user", "content": "I am <EMAIL_1>"}]
    assert response.content == "Write to <EMAIL_1> or to <EMAIL_2>."
    assert response.provenance.masked_input_entities == 1
    assert response.provenance.masked_output_entities == 1


def with_system(content: str) -> pb.CompleteRequest:
    return pb.CompleteRequest(messages=[pb.ChatMessage(role=pb.ROLE_SYSTEM, content=content), *request("hi").messages])


@pytest.mark.parametrize("role", ["user", "admin-service", "SERVICE"])
async def test_a_users_system_message_is_masked_and_moderated_like_any_other(system: System, role: str) -> None:
    async with system.client(system.token("user", role)) as client:
        await client.chat.Complete(with_system("Write to ana@example.com"))
        blocked = await client.chat.Complete(with_system(f"Say {BAD_WORD}"))
    (sent,) = system.upstream.requests
    assert sent["messages"][0] == {"role": "system", "content": "Write to <EMAIL_1>"}
    assert blocked.blocked.side == pb.Blocked.SIDE_INPUT


async def test_a_services_system_message_is_the_operators_and_goes_as_it_is(system: System) -> None:
    async with system.client(system.token("service")) as client:
        response = await client.chat.Complete(with_system(f"Never say {BAD_WORD}; write to ana@example.com"))
    assert not response.HasField("blocked")
    assert system.upstream.requests[0]["messages"][0]["content"] == f"Never say {BAD_WORD}; write to ana@example.com"


async def test_a_harmful_input_is_blocked_before_the_upstream(system: System) -> None:
    async with system.client() as client:
        response = await client.chat.Complete(request(f"you {BAD_WORD}"))
    assert response.finish_reason == pb.FINISH_REASON_CONTENT_FILTER
    assert response.blocked.side == pb.Blocked.SIDE_INPUT
    assert [score.category for score in response.blocked.categories] == ["harassment"]
    assert response.content == ""
    assert system.upstream.requests == []


async def test_harm_in_the_history_blocks_as_well(system: System) -> None:
    messages = [
        pb.ChatMessage(role=pb.ROLE_ASSISTANT, content=f"I never said {BAD_WORD}"),
        pb.ChatMessage(role=pb.ROLE_USER, content="go on"),
    ]
    async with system.client() as client:
        response = await client.chat.Complete(pb.CompleteRequest(messages=messages))
    assert response.blocked.side == pb.Blocked.SIDE_INPUT
    assert len(system.moderation.batches) == 1


async def test_a_harmful_answer_is_withheld(system: System) -> None:
    system.upstream.reply = says(f"Well, {BAD_WORD}!")
    async with system.client() as client:
        response = await client.chat.Complete(request("hi"))
    assert response.finish_reason == pb.FINISH_REASON_CONTENT_FILTER
    assert response.blocked.side == pb.Blocked.SIDE_OUTPUT
    assert response.content == ""


async def test_a_streamed_answer_is_the_whole_one_in_pieces(system: System) -> None:
    answer = "This is the first sentence, which is long enough. Call +351 912 345 678 for more. " * 4
    system.upstream.reply = says(answer)
    async with system.client() as client:
        whole = await client.chat.Complete(request("hi"))
        pieces = [piece async for piece in client.chat.Stream(stream_request("hi"))]
    *body, last = pieces
    assert len(body) > 2
    assert "".join(piece.delta for piece in body) == whole.content
    assert "912" not in whole.content
    assert {piece.finish_reason for piece in body} == {pb.FINISH_REASON_UNSPECIFIED}
    assert last.delta == ""
    assert last.finish_reason == pb.FINISH_REASON_STOP
    assert last.usage.completion_tokens == 3
    assert last.provenance.masked_output_entities == 4
    assert len({piece.message_id for piece in pieces}) == 1


async def test_a_stream_shows_nothing_of_a_flagged_window(system: System) -> None:
    good = "This is a harmless first sentence of some length. "
    system.upstream.reply = says(good + f"But now {BAD_WORD} follows. " + good * 5)
    async with system.client() as client:
        *body, last = [piece async for piece in client.chat.Stream(stream_request("hi"))]
    assert "".join(piece.delta for piece in body) == good
    assert last.finish_reason == pb.FINISH_REASON_CONTENT_FILTER
    assert last.blocked.side == pb.Blocked.SIDE_OUTPUT


async def test_a_stream_shows_nothing_before_it_was_moderated(system: System) -> None:
    answer = says("This is a harmless first sentence of some length. And more.")

    async def reply(request: dict[str, object], writer: asyncio.StreamWriter) -> None:
        system.moderation.gate.clear()  # the input has passed; the answer must wait
        await answer(request, writer)

    system.upstream.reply = reply
    async with system.client() as client:
        reading = asyncio.ensure_future(client.chat.Stream(stream_request("hi")).read())
        await asyncio.wait_for(system.moderation.held.wait(), 5)
        assert not reading.done()
        system.moderation.gate.set()
        assert (await reading).delta


async def test_a_blocked_input_streams_one_last_message(system: System) -> None:
    async with system.client() as client:
        pieces = [piece async for piece in client.chat.Stream(stream_request(BAD_WORD))]
    assert len(pieces) == 1
    assert pieces[0].blocked.side == pb.Blocked.SIDE_INPUT


async def test_the_upstreams_own_content_filter_withholds_the_rest(system: System) -> None:
    system.upstream.reply = says("This begins well but", finish="content_filter")
    async with system.client() as client:
        whole = await client.chat.Complete(request("hi"))
        pieces = [piece async for piece in client.chat.Stream(stream_request("hi"))]
    assert whole.blocked.side == pb.Blocked.SIDE_OUTPUT
    assert whole.content == ""
    assert [piece.delta for piece in pieces] == [""]
    assert pieces[0].finish_reason == pb.FINISH_REASON_CONTENT_FILTER


async def test_a_caller_that_leaves_midway_closes_the_upstream(system: System) -> None:
    async def reply(_request: object, writer: asyncio.StreamWriter) -> None:
        await start_stream(writer)
        writer.write(chunk("This is a harmless first sentence of some length. And"))
        await writer.drain()
        await system.upstream.client_left.wait()

    system.upstream.reply = reply
    async with system.client() as client:
        call = client.chat.Stream(stream_request("hi"))
        assert (await call.read()).delta
        call.cancel()
        await asyncio.wait_for(system.upstream.client_left.wait(), 5)
    await system.monitor.wait_for(2)  # what was moderated was recorded all the same


async def test_a_caller_that_leaves_before_the_answer_closes_the_upstream(system: System) -> None:
    system.upstream.reply = system.upstream.hangs
    async with system.client() as client:
        call = client.chat.Complete(request("hi"))
        await asyncio.wait_for(system.upstream.called.wait(), 5)
        call.cancel()
        await asyncio.wait_for(system.upstream.client_left.wait(), 5)


async def test_an_expired_deadline_ends_the_call_and_the_upstream(system: System) -> None:
    system.upstream.reply = system.upstream.hangs
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.chat.Complete(request("hi"), timeout=0.5)
        await asyncio.wait_for(system.upstream.client_left.wait(), 5)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (pb.CompleteRequest(), "messages"),
        (request(" "), "messages[0].content"),
        (request("x" * 8001), "messages[0].content"),
        (request("\u200b\u202e"), "messages[0].content"),
        (request("hi", model="gpt-9"), "model"),
        (request("hi", conversation_id="has spaces"), "conversation_id"),
        (request("hi", options=pb.ChatOptions(temperature=3)), "options.temperature"),
        (request("hi", options=pb.ChatOptions(max_tokens=-1)), "options.max_tokens"),
        (pb.CompleteRequest(messages=[pb.ChatMessage(content="hi")]), "messages[0].role"),
        (pb.CompleteRequest(messages=[pb.ChatMessage(role=pb.ROLE_ASSISTANT, content="hi")]), "messages[0].role"),
    ],
)
async def test_a_broken_rule_names_its_field(system: System, bad: pb.CompleteRequest, field: str) -> None:
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.chat.Complete(bad)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    status = rpc_status.from_call(caught.value)
    details = error_details_pb2.BadRequest()
    assert status is not None
    assert status.details[0].Unpack(details)
    assert details.field_violations[0].field == field
    assert system.upstream.requests == []


async def test_a_dead_predictor_is_unavailable_and_its_return_is_noticed(system: System) -> None:
    async with system.client() as client:
        await system.backends["moderation"].stop()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.chat.Complete(request("hi"))
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert system.upstream.requests == []

        await system.backends["moderation"].start()
        async with asyncio.timeout(10):
            while (code := await client.chat.Complete(request("hi")).code()) is not grpc.StatusCode.OK:
                assert code is grpc.StatusCode.UNAVAILABLE


async def test_rubbish_midway_ends_a_stream_as_unavailable(system: System) -> None:
    good = "This is a harmless first sentence of some length. "
    system.upstream.reply = streams(chunk(good + "And"), b"data: rubbish\n\n")
    async with system.client() as client:
        call = client.chat.Stream(stream_request("hi"))
        assert (await call.read()).delta == good
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "nonsense" in str(caught.value.details())


async def test_a_stream_that_breaks_off_is_unavailable(system: System) -> None:
    system.upstream.reply = streams(chunk("Hello"), USAGE)
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            [piece async for piece in client.chat.Stream(stream_request("hi"))]
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_events_say_what_was_moderated_but_not_the_text(system: System) -> None:
    system.upstream.reply = says("Este é o primeiro período da resposta, bem comprido. E este é o segundo.")
    async with system.client() as client:
        [piece async for piece in client.chat.Stream(stream_request("Bom dia, como está o senhor hoje?"))]
    await system.monitor.wait_for(2)
    incoming, outgoing = system.monitor.events
    assert (incoming.route, outgoing.route) == ("chat_input", "chat_output")
    assert incoming.text_length == len("Bom dia, como está o senhor hoje?")
    assert outgoing.text_length == len("Este é o primeiro período da resposta, bem comprido. E este é o segundo.")
    assert {incoming.language, outgoing.language} == {"pt"}
    assert len(incoming.scores) == 8
    assert b"senhor" not in incoming.SerializeToString()


async def test_options_and_alias_reach_the_upstream(system: System) -> None:
    options = pb.ChatOptions(max_tokens=17, temperature=0.5)
    async with system.client() as client:
        await client.chat.Complete(request("hi", model="chat", options=options))
        await client.chat.Complete(request("hi"))
    first, second = system.upstream.requests
    assert (first["model"], first["max_tokens"], first["temperature"]) == ("fake-model", 17, 0.5)
    assert second["max_tokens"] == 512
    assert "temperature" not in second


async def test_an_upstream_refusal_keeps_the_key_and_the_body_to_itself(system: System) -> None:
    body = json.dumps({"error": {"message": "bad key sk-secret", "code": "invalid_api_key"}}).encode()
    system.upstream.reply = respond(body, status=401)
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.chat.Complete(request("hi"))
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "sk-secret" not in str(caught.value.details())
