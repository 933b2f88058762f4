"""Row models: what one row of each source table must be. A row that does not fit is quarantined with the reason."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200)]
MessageText = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"\S")]


class SourceRow(BaseModel):
    """Base of the row models: strict types, and no columns beyond the schema (a misspelt label must not pass)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ChatLogRow(SourceRow):
    """One message of a historical conversation (table ``chat_logs``)."""

    message_id: Identifier
    conversation_id: Identifier
    user_id: Identifier
    timestamp: AwareDatetime | None = Field(description="when it was sent, UTC; null where the source does not say")
    position: int = Field(ge=0, description="order within the conversation")
    text: MessageText
    source: Identifier
    license: Identifier


class FeedbackRow(SourceRow):
    """One rating or report (table ``feedback``). A null `message_id` speaks of the whole conversation."""

    feedback_id: Identifier
    conversation_id: Identifier
    message_id: Identifier | None
    rating: float | None = Field(ge=1, le=5, allow_inf_nan=False, description="stars, 1 worst to 5 best")
    report: bool
    source: Identifier

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.rating is None and not self.report:
            raise ValueError("a feedback row needs a rating or a report")
        return self


class AnnotationRow(SourceRow):
    """One labelled text (table ``annotations``). A null label means that nobody said; it is never a negative."""

    id: Identifier
    text: MessageText
    language: Literal["en", "pt"]
    source: Identifier
    license: Identifier
    annotator_count: int | None = Field(ge=1)
    label_quality: Literal["gold", "weak"]
    toxicity: bool | None
    hate: bool | None
    hate_threatening: bool | None
    harassment: bool | None
    sexual: bool | None
    self_harm: bool | None
    violence: bool | None
    illicit: bool | None
