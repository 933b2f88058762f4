"""Rules of a chat request."""

from __future__ import annotations

import math

from synapse_common.errors import InvalidInput

from synapse_gateway.exchange import ChatExchange, Role
from synapse_gateway.settings import LimitSettings
from synapse_gateway.stages.validate.identifiers import check_identifier
from synapse_gateway.stages.validate.texts import check_text

_HOTTEST = 2.0


class ValidateChat:
    """Checks messages, options and the conversation's id. The model alias is the route stage's."""

    name = "validate"

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits

    async def __call__(self, exchange: ChatExchange) -> None:
        """Check the request.

        Raises:
            InvalidInput: names the field that breaks a rule.
        """
        self._check_messages(exchange)
        self._check_options(exchange)
        check_identifier(exchange.conversation_id, "conversation_id")

    def _check_messages(self, exchange: ChatExchange) -> None:
        messages, limit = exchange.messages, self._limits.max_messages
        if not messages:
            raise InvalidInput("a conversation needs at least one message", field="messages")
        if len(messages) > limit:
            raise InvalidInput(f"the conversation has {len(messages)} messages; at most {limit}", field="messages")
        for index, message in enumerate(messages):
            if message.role is None:
                path = f"messages[{index}].role"
                raise InvalidInput(f"{path} must be ROLE_SYSTEM, ROLE_USER or ROLE_ASSISTANT", field=path)
        for path, text in exchange.texts():
            check_text(text, path, self._limits.max_text_chars)
        if messages[-1].role is not Role.USER:
            path = f"messages[{len(messages) - 1}].role"
            raise InvalidInput("the last message must be the user's", field=path)

    def _check_options(self, exchange: ChatExchange) -> None:
        if not 0 <= exchange.max_tokens <= self._limits.max_tokens:
            raise InvalidInput(
                f"options.max_tokens must be 0 (the default) to {self._limits.max_tokens}", field="options.max_tokens"
            )
        temperature = exchange.temperature
        if temperature is not None and not (math.isfinite(temperature) and 0 <= temperature <= _HOTTEST):
            raise InvalidInput("options.temperature must be 0 to 2", field="options.temperature")
