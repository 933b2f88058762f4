"""Commands that call the gateway: chat, moderate, embed, rate."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from synapse.v1 import chat_pb2, embeddings_pb2, feedback_pb2, moderation_pb2

from synapse_cli.client import DEFAULT_TIMEOUT_S, Gateway, open_gateway
from synapse_cli.options import DEFAULT_ROOT, Address, Ca, Root, Token, connection

_out = Console()


def chat(
    message: Annotated[list[str] | None, typer.Argument(help="What to say; without it, a conversation starts.")] = None,
    root: Root = DEFAULT_ROOT,
    address: Address = None,
    ca: Ca = None,
    token: Token = None,
) -> None:
    """Talk through the guarded gateway; the answer streams as it is moderated.

    Examples:
      synapse chat "What does Synapse do?"
      synapse chat                             (a conversation; an empty line ends it)
    """
    with open_gateway(connection(root, address, ca, token)) as gateway:
        history: list[chat_pb2.ChatMessage] = []
        if message:
            _say(gateway, history, " ".join(message))
            return
        _out.print("[dim]An empty line ends the conversation.[/dim]")
        while text := _out.input("[bold]you[/bold] ").strip():
            _say(gateway, history, text)


def moderate(
    texts: Annotated[list[str], typer.Argument(help="Texts to moderate.")],
    root: Root = DEFAULT_ROOT,
    address: Address = None,
    ca: Ca = None,
    token: Token = None,
) -> None:
    """Score texts in every category.

    Example: synapse moderate "Have a nice day" "Seu idiota"
    """
    with open_gateway(connection(root, address, ca, token)) as gateway:
        request = moderation_pb2.ModerateRequest(texts=texts)
        response = gateway.moderation.Moderate(request, timeout=DEFAULT_TIMEOUT_S)
    verdicts = ("[red]flagged[/red]" if result.flagged else "[green]clean[/green]" for result in response.results)
    table = Table("", *(escape(text) for text in texts))
    table.add_row("[bold]verdict[/bold]", *verdicts)
    for scores in zip(*(result.categories for result in response.results), strict=True):
        table.add_row(scores[0].category, *(_score(score) for score in scores))
    _out.print(table)
    _out.print(f"[dim]{response.model} version {response.model_version}[/dim]")


def embed(
    texts: Annotated[list[str], typer.Argument(help="Texts to embed; with several, their similarity is shown.")],
    root: Root = DEFAULT_ROOT,
    address: Address = None,
    ca: Ca = None,
    token: Token = None,
) -> None:
    """Turn texts into vectors, and show how similar they are.

    Example: synapse embed "good morning" "bom dia" "tax form"
    """
    with open_gateway(connection(root, address, ca, token)) as gateway:
        response = gateway.embeddings.Embed(embeddings_pb2.EmbedRequest(inputs=texts), timeout=DEFAULT_TIMEOUT_S)
    vectors = [list(embedding.values) for embedding in response.embeddings]
    table = Table("cosine similarity", *(escape(text) for text in texts))
    for text, vector in zip(texts, vectors, strict=True):
        table.add_row(escape(text), *(f"{_cosine(vector, other):.3f}" for other in vectors))
    _out.print(table)
    _out.print(f"[dim]{response.model}, {len(vectors[0])} dimensions[/dim]")


def rate(
    conversation_id: Annotated[str, typer.Argument(help="As printed by `synapse chat`.")],
    rating: Annotated[int, typer.Argument(help="1 (poor) to 5 (excellent).")],
    message_id: Annotated[str, typer.Option(help="One message; the whole conversation when not given.")] = "",
    root: Root = DEFAULT_ROOT,
    address: Address = None,
    ca: Ca = None,
    token: Token = None,
) -> None:
    """Rate an answer or a conversation."""
    with open_gateway(connection(root, address, ca, token)) as gateway:
        request = feedback_pb2.RateRequest(conversation_id=conversation_id, message_id=message_id, rating=rating)
        response = gateway.feedback.Rate(request, timeout=DEFAULT_TIMEOUT_S)
    _out.print(f"thank you; feedback {response.feedback_id} is on disk")


def _say(gateway: Gateway, history: list[chat_pb2.ChatMessage], text: str) -> None:
    """Send the conversation with `text` added, print the answer as it comes, and keep both in `history`."""
    history.append(chat_pb2.ChatMessage(role=chat_pb2.ROLE_USER, content=text))
    answer = ""
    last = chat_pb2.StreamResponse()
    for last in gateway.chat.Stream(chat_pb2.StreamRequest(messages=history), timeout=DEFAULT_TIMEOUT_S):
        _out.print(last.delta, end="", markup=False, highlight=False)
        answer += last.delta
    _out.print()
    if last.finish_reason == chat_pb2.FINISH_REASON_CONTENT_FILTER:
        side = "message" if last.blocked.side == chat_pb2.Blocked.SIDE_INPUT else "answer"
        names = ", ".join(f"{score.category} {score.score:.2f}" for score in last.blocked.categories)
        _out.print(f"[red]withheld:[/red] the {side} was moderated ({names})")
        # A blocked message would block every later turn of this conversation with it.
        history.pop()
        return
    history.append(chat_pb2.ChatMessage(role=chat_pb2.ROLE_ASSISTANT, content=answer))
    masked = last.provenance.masked_input_entities
    note = f", {masked} personal details masked before the model saw them" if masked else ""
    _out.print(f"[dim]{last.provenance.chat_model}{note}; conversation {last.conversation_id}[/dim]")


def _score(score: moderation_pb2.CategoryScore) -> str:
    return f"[red]{score.score:.2f}[/red]" if score.flagged else f"{score.score:.2f}"


def _cosine(left: list[float], right: list[float]) -> float:
    product = sum(a * b for a, b in zip(left, right, strict=True))
    norms = sum(a * a for a in left) ** 0.5 * sum(b * b for b in right) ** 0.5
    return product / norms if norms else 0.0
