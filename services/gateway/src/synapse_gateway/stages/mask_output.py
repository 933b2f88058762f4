"""Personal data in the answer, masked before the caller sees it."""

from __future__ import annotations

from synapse_gateway.exchange import ChatExchange


class MaskOutput:
    """Masks the moderated windows and releases them. A window never ends inside personal data, see `windows`."""

    name = "mask_output"

    async def __call__(self, exchange: ChatExchange) -> None:
        """Move `windows` to `released`."""
        for window in exchange.windows:
            masked = exchange.masker.mask(window)
            exchange.masked_output += len(masked.entities)
            exchange.shown += window
            exchange.released.append(masked.text)
        exchange.windows = []
