from dataclasses import dataclass, field

from gateway_fakes.exchanges import chat, verdict
from synapse_gateway.stages.record import Record
from synapse_gateway.verdict import Observation


@dataclass
class FakeRecorder:
    taken: list[Observation] = field(default_factory=list)

    def submit(self, observation: Observation) -> None:
        self.taken.append(observation)


async def test_the_windows_of_one_answer_are_one_event() -> None:
    recorder = FakeRecorder()
    exchange = chat("hi")
    exchange.observations = [
        Observation("chat_input", "hi", verdict()),
        Observation("chat_output", "One. ", verdict("hate")),
        Observation("chat_output", "Two.", verdict()),
    ]
    await Record(recorder)(exchange)  # type: ignore[arg-type]
    assert [(item.route, item.text, item.verdict.flagged) for item in recorder.taken] == [
        ("chat_input", "hi", False),
        ("chat_output", "One. Two.", True),
    ]


async def test_nothing_moderated_is_nothing_recorded() -> None:
    recorder = FakeRecorder()
    await Record(recorder)(chat("hi"))  # type: ignore[arg-type]
    assert recorder.taken == []
