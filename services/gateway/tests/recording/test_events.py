import pytest
from gateway_fakes.exchanges import verdict
from synapse_gateway.recording.events import Pending, event_of
from synapse_gateway.verdict import Observation


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Good morning, how are you doing today?", "en"),
        ("Bom dia, como é que o senhor está hoje?", "pt"),
        ("12345", "und"),
    ],
)
def test_an_event_tells_about_the_text_but_does_not_carry_it(text: str, language: str) -> None:
    event = event_of(Pending.now(Observation("moderate", text, verdict("hate", version="v7"))))
    assert event.language == language
    assert event.text_length == len(text)
    assert (event.route, event.model, event.model_version, event.group) == ("moderate", "moderation", "v7", "stable")
    assert event.flagged
    assert [score.category for score in event.scores if score.flagged] == ["hate"]
    assert text.encode() not in event.SerializeToString()


def test_the_time_is_when_it_was_observed_and_ids_differ() -> None:
    pending = Pending(Observation("moderate", "hi", verdict()), 1_700_000_000_123_456_789)
    first, second = event_of(pending), event_of(pending)
    assert (first.time.seconds, first.time.nanos) == (1_700_000_000, 123_456_789)
    assert first.event_id != second.event_id
