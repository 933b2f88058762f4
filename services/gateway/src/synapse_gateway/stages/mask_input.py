"""Personal data in the conversation, masked before the upstream sees it."""

from __future__ import annotations

from synapse_common.pii import Masker

from synapse_gateway.exchange import BatchExchange, ChatExchange, Message


class MaskInput:
    """Masks all that the caller wrote; the product's own system messages go as they are."""

    name = "mask_input"

    async def __call__(self, exchange: ChatExchange) -> None:
        """Fill `outgoing`."""
        exchange.outgoing = []
        for message in exchange.messages:
            if exchange.is_operator_text(message):
                exchange.outgoing.append(message)
                continue
            masked = exchange.masker.mask(message.content)
            exchange.masked_input += len(masked.entities)
            exchange.outgoing.append(Message(message.role, masked.text))


class MaskBatch:
    """Masks the texts of a batch, each on its own."""

    name = "mask_input"

    async def __call__(self, exchange: BatchExchange) -> None:
        """Replace the texts by masked ones."""
        exchange.batch = [Masker().mask(text).text for text in exchange.batch]
