"""What moderation saw, handed to the recorder; off the request's path, and never its reason to fail."""

from __future__ import annotations

from synapse_gateway.exchange import Exchange
from synapse_gateway.recording.recorder import Recorder
from synapse_gateway.verdict import Observation, worst_of


class Record:
    """Runs last, whatever happened before: a blocked or failed exchange was moderated too."""

    name = "record"

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def __call__(self, exchange: Exchange) -> None:
        """Queue the observations; the windows of one answer count as one text."""
        windows = [item for item in exchange.observations if item.route == "chat_output"]
        events = [item for item in exchange.observations if item.route != "chat_output"]
        if windows:
            text = "".join(item.text for item in windows)
            events.append(Observation("chat_output", text, worst_of([item.verdict for item in windows])))
        for event in events:
            self._recorder.submit(event)
