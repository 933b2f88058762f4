"""Invisible characters go; the text is otherwise kept as the caller wrote it."""

from __future__ import annotations

from synapse_common.errors import InvalidInput

from synapse_gateway.exchange import TextExchange
from synapse_gateway.text_cleaning import clean


class Sanitise:
    """Cleans every text of the request."""

    name = "sanitise"

    async def __call__(self, exchange: TextExchange) -> None:
        """Clean the texts.

        Raises:
            InvalidInput: nothing visible is left of one; the field names it.
        """
        cleaned: list[str] = []
        for path, text in exchange.texts():
            cleaned.append(clean(text))
            if not cleaned[-1].strip():
                raise InvalidInput(f"{path} has only invisible characters", field=path)
        exchange.set_texts(cleaned)
