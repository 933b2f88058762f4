"""What a caller sees when all is well: both languages, clean and abusive, over every public service."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from synapse.v1 import chat_pb2, clustering_pb2, embeddings_pb2, feedback_pb2, moderation_pb2
from synapse_cli.client import Gateway
from synapse_cli.stack import LocalStack, StackConfig
from synapse_common.taxonomy import CATEGORIES

ROOT = Path(__file__).resolve().parents[2]
# One worker runs all that shares the session's stack.
pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("stack")]

TIMEOUT_S = 30

ABUSE = ["You are a worthless idiot and I hate you", "Seu idiota, vou te matar"]
HARMLESS = ["Hello! What does Synapse do?", "Olá! O que é o Synapse?"]


def user(text: str) -> list[chat_pb2.ChatMessage]:
    return [chat_pb2.ChatMessage(role=chat_pb2.ROLE_USER, content=text)]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_message_is_answered_whole_and_streamed(gateway: Gateway, text: str) -> None:
    whole = gateway.chat.Complete(chat_pb2.CompleteRequest(messages=user(text)), timeout=TIMEOUT_S)
    assert whole.finish_reason == chat_pb2.FINISH_REASON_STOP
    assert whole.content
    assert whole.provenance.chat_model == "synapse-retrieval"
    pieces = list(gateway.chat.Stream(chat_pb2.StreamRequest(messages=user(text)), timeout=TIMEOUT_S))
    assert "".join(piece.delta for piece in pieces).strip() == whole.content.strip()
    assert [piece.finish_reason for piece in pieces[:-1]] == [0] * (len(pieces) - 1)
    assert pieces[-1].finish_reason == chat_pb2.FINISH_REASON_STOP


@pytest.mark.parametrize("text", ABUSE)
def test_an_abusive_message_is_withheld_with_its_categories(gateway: Gateway, text: str) -> None:
    response = gateway.chat.Complete(chat_pb2.CompleteRequest(messages=user(text)), timeout=TIMEOUT_S)
    assert response.finish_reason == chat_pb2.FINISH_REASON_CONTENT_FILTER
    assert response.blocked.side == chat_pb2.Blocked.SIDE_INPUT
    assert {score.category for score in response.blocked.categories} <= set(CATEGORIES)
    assert not response.content


def test_personal_data_is_masked_before_the_upstream(gateway: Gateway) -> None:
    text = "How do I train a model? Write to ana@example.com or to joao@example.com"
    response = gateway.chat.Complete(chat_pb2.CompleteRequest(messages=user(text)), timeout=TIMEOUT_S)
    assert response.provenance.masked_input_entities == 2


def test_moderation_keeps_the_order_of_a_batch(gateway: Gateway) -> None:
    texts = [HARMLESS[0], ABUSE[0], HARMLESS[1], ABUSE[1]] * 10
    response = gateway.moderation.Moderate(moderation_pb2.ModerateRequest(texts=texts), timeout=TIMEOUT_S)
    assert [result.flagged for result in response.results] == [False, True, False, True] * 10
    assert [score.category for score in response.results[0].categories] == list(CATEGORIES)


def test_embeddings_have_unit_length_and_follow_meaning(gateway: Gateway) -> None:
    request = embeddings_pb2.EmbedRequest(inputs=["good morning", "bom dia", "tax return form"])
    response = gateway.embeddings.Embed(request, timeout=TIMEOUT_S)
    first, second, third = (list(item.values) for item in response.embeddings)
    assert sum(value * value for value in first) == pytest.approx(1, abs=1e-3)
    assert sum(a * b for a, b in zip(first, second, strict=True)) > sum(
        a * b for a, b in zip(first, third, strict=True)
    )


def test_users_are_assigned_by_named_features(gateway: Gateway, feature_names: list[str]) -> None:
    users = [
        clustering_pb2.UserFeatures(user_id=f"u{n}", features=dict.fromkeys(feature_names, float(n))) for n in range(3)
    ]
    response = gateway.clustering.Assign(clustering_pb2.AssignRequest(users=users), timeout=TIMEOUT_S)
    assert [item.user_id for item in response.assignments] == ["u0", "u1", "u2"]
    assert all(item.margin >= 0 for item in response.assignments)


def test_acknowledged_feedback_is_on_disk(gateway: Gateway, stack: LocalStack) -> None:
    rating = gateway.feedback.Rate(feedback_pb2.RateRequest(conversation_id="c-1", rating=4), timeout=TIMEOUT_S)
    report = gateway.feedback.Report(
        feedback_pb2.ReportRequest(conversation_id="c-1", message_id="m-1", reason=feedback_pb2.REPORT_REASON_HARMFUL),
        timeout=TIMEOUT_S,
    )
    written = "".join(file.read_text() for file in stack.paths.feedback.rglob("*.jsonl"))
    assert rating.feedback_id in written
    assert report.feedback_id in written


@pytest.fixture
def feature_names(stack_config: StackConfig) -> list[str]:
    from synapse_common.bundle import Bundle

    features = Bundle.open(stack_config.clustering_bundle, kind="clustering").json("features.json")
    return [item["name"] for item in features["features"]]


def run_example(*arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, cwd=ROOT, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_plain_grpcio_example_runs(stack: LocalStack) -> None:
    output = run_example("examples/plain_grpcio.py", str(stack.paths.root), stack.gateway)
    assert output.startswith("[False, True]\n")
    assert len(output.splitlines()[1]) > 10


def test_kserves_own_clients_call_the_predictor(stack: LocalStack, stack_config: StackConfig) -> None:
    rest = f"https://{stack_config.address('moderation', 'rest')}"
    output = run_example(
        "examples/kserve_clients.py", str(stack.paths.certificates), stack_config.address("moderation"), rest
    )
    assert output.splitlines() == [
        "grpc ready True True",
        "grpc flagged [False, True]",
        "rest ready True True",
        "rest flagged [False, True]",
    ]


def test_the_command_line_moderates_and_chats(stack: LocalStack) -> None:
    root = ["--root", str(stack.paths.root)]
    table = run_example("-m", "synapse_cli", "moderate", *HARMLESS, *root)
    assert "clean" in table
    answer = run_example("-m", "synapse_cli", "chat", HARMLESS[0], *root)
    assert "synapse-retrieval" in answer
    assert "ready" in run_example("-m", "synapse_cli", "status", *root)


def test_reflection_lists_the_services(stack: LocalStack) -> None:
    from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

    credentials = grpc.ssl_channel_credentials(stack.paths.ca.read_bytes())
    with grpc.secure_channel(stack.gateway, credentials) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        response = next(iter(stub.ServerReflectionInfo(iter([request]))))
    names = {service.name for service in response.list_services_response.service}
    assert {"synapse.v1.ChatService", "synapse.v1.ModerationService", "grpc.health.v1.Health"} <= names
