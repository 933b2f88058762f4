"""A connection to a gateway: address, authority and token from the local stack, options or the environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from synapse.v1 import (
    chat_pb2_grpc,
    clustering_pb2_grpc,
    embeddings_pb2_grpc,
    feedback_pb2_grpc,
    moderation_pb2_grpc,
)

from synapse_cli.stack import LocalStack, StackError, StackPaths

DEFAULT_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Connection:
    """Where the gateway is and how to be let in."""

    address: str
    ca: Path
    token: str

    @classmethod
    def to_local_stack(cls, paths: StackPaths) -> Connection:
        """The gateway of a stack on this machine.

        Raises:
            StackError: none was started.
        """
        return cls(LocalStack.load(paths).gateway, paths.ca, paths.token.read_text().strip())


class Gateway:
    """The gateway's services over one channel."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.chat = chat_pb2_grpc.ChatServiceStub(channel)
        self.moderation = moderation_pb2_grpc.ModerationServiceStub(channel)
        self.embeddings = embeddings_pb2_grpc.EmbeddingsServiceStub(channel)
        self.clustering = clustering_pb2_grpc.ClusteringServiceStub(channel)
        self.feedback = feedback_pb2_grpc.FeedbackServiceStub(channel)


@contextmanager
def open_gateway(connection: Connection) -> Iterator[Gateway]:
    """Stubs of the gateway's services, over TLS with the token on every call."""
    try:
        roots = connection.ca.read_bytes()
    except OSError as error:
        raise StackError(f"cannot read the authority's certificate: {error}") from None
    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(roots), grpc.access_token_call_credentials(connection.token)
    )
    with grpc.secure_channel(connection.address, credentials) as channel:
        yield Gateway(channel)


def as_call(error: grpc.RpcError) -> grpc.Call:
    """The failed call itself: every error that a channel raises is one, though its type does not say so."""
    return cast(grpc.Call, error)


def explain(error: grpc.RpcError) -> str:
    """One line about a failed call: status, message, the field at fault and when to try again."""
    call = as_call(error)
    parts = [f"{call.code().name}: {call.details()}"]
    status = rpc_status.from_call(call)
    for detail in status.details if status else ():
        bad_request, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(bad_request):
            parts += [f"field: {violation.field}" for violation in bad_request.field_violations]
        elif detail.Unpack(retry):
            parts.append(f"try again in {retry.retry_delay.ToTimedelta().total_seconds():g} s")
    return "; ".join(parts)
