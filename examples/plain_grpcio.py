"""Call a running stack (`make up`) with nothing but grpcio and the stubs: ``python examples/plain_grpcio.py``."""

import sys
from pathlib import Path

import grpc
from synapse.v1 import chat_pb2, chat_pb2_grpc, moderation_pb2, moderation_pb2_grpc

root = Path(sys.argv[1] if len(sys.argv) > 1 else "build/run")
address = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:8443"
credentials = grpc.composite_channel_credentials(
    grpc.ssl_channel_credentials((root / "certs" / "ca.pem").read_bytes()),
    grpc.access_token_call_credentials((root / "user.token").read_text().strip()),
)

with grpc.secure_channel(address, credentials) as channel:
    moderation = moderation_pb2_grpc.ModerationServiceStub(channel)
    response = moderation.Moderate(moderation_pb2.ModerateRequest(texts=["Have a nice day", "Seu idiota"]), timeout=5)
    print([result.flagged for result in response.results])

    chat = chat_pb2_grpc.ChatServiceStub(channel)
    question = chat_pb2.ChatMessage(role=chat_pb2.ROLE_USER, content="What does Synapse do?")
    for piece in chat.Stream(chat_pb2.StreamRequest(messages=[question]), timeout=30):
        print(piece.delta, end="", flush=True)
    print()
