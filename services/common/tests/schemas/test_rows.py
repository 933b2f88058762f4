from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from synapse_common.schemas import AnnotationRow, ChatLogRow, FeedbackRow
from synapse_common.taxonomy import COLUMNS

CHAT: dict[str, Any] = {
    "message_id": "m1",
    "conversation_id": "c1",
    "user_id": "u1",
    "timestamp": datetime(2024, 5, 1, tzinfo=UTC),
    "position": 0,
    "text": "hello",
    "source": "s",
    "license": "CC0-1.0",
}
FEEDBACK: dict[str, Any] = {
    "feedback_id": "f1",
    "conversation_id": "c1",
    "message_id": None,
    "rating": 4.0,
    "report": False,
    "source": "s",
}
ANNOTATION: dict[str, Any] = {
    "id": "a1",
    "text": "olá",
    "language": "pt",
    "source": "s",
    "license": "CC0-1.0",
    "annotator_count": None,
    "label_quality": "gold",
    **dict.fromkeys(COLUMNS),
}


def test_good_rows_pass() -> None:
    assert ChatLogRow(**CHAT).text == "hello"
    assert FeedbackRow(**FEEDBACK).rating == 4.0
    assert AnnotationRow(**ANNOTATION).toxicity is None


@pytest.mark.parametrize(
    ("model", "row", "change"),
    [
        (ChatLogRow, CHAT, {"text": ""}),
        (ChatLogRow, CHAT, {"text": " \n"}),
        (ChatLogRow, CHAT, {"position": -1}),
        (ChatLogRow, CHAT, {"timestamp": datetime.fromisoformat("2024-05-01T00:00:00")}),
        (ChatLogRow, CHAT, {"timestamp": "yesterday"}),
        (FeedbackRow, FEEDBACK, {"rating": 6.0}),
        (FeedbackRow, FEEDBACK, {"rating": float("nan")}),
        (FeedbackRow, FEEDBACK, {"rating": None}),
        (FeedbackRow, FEEDBACK, {"report": None}),
        (AnnotationRow, ANNOTATION, {"language": "fr"}),
        (AnnotationRow, ANNOTATION, {"hate": "yes"}),
        (AnnotationRow, ANNOTATION, {"label_quality": "silver"}),
        (AnnotationRow, ANNOTATION, {"selfharm": True}),
    ],
)
def test_bad_rows_are_refused_for_the_changed_field(
    model: type[ChatLogRow] | type[FeedbackRow] | type[AnnotationRow], row: dict[str, Any], change: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError) as caught:
        model(**(row | change))
    places = [error["loc"] for error in caught.value.errors()]
    assert places == [(next(iter(change)),)] or places == [()]
