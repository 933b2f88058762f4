"""Which rows augmentation adds, and how many: the part of the recipe that is about generated data."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class AugmentationRecipe(BaseModel):
    """Counts and shares are upper bounds: the filter and the overlap guard drop rows, and say how many and why.

    What is off here was not shown to help, or needs a model that is not at hand on every machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    template_rows: int = Field(default=0, ge=0, description="rows of the phrase banks in train")
    valid_labels: int = Field(
        default=60,
        ge=0,
        description="known positives, and negatives, that a category should have in validation in each language; "
        "phrase-bank rows fill up to here",
    )
    obfuscated_share: float = Field(
        default=0.06, ge=0, le=1, description="of train, copied with words hidden by spelling tricks"
    )
    paraphrase_share: float = Field(default=0.0, ge=0, le=1, description="of people's rows in train, copied reworded")
    paraphraser: Literal["rules", "chat"] = Field(
        default="rules", description="rules: local and without a model; chat: the chat upstream"
    )
    back_translation_rows: int = Field(
        default=0, ge=0, description="people's rows in train, copied by way of the other language"
    )
    translator: Literal["models", "chat"] = Field(
        default="models", description="models: the two below; chat: the chat upstream"
    )
    to_portuguese_model: str = Field(
        default="Helsinki-NLP/opus-mt-tc-big-en-pt", description="Marian model: folder or Hugging Face id"
    )
    to_english_model: str = Field(
        default="Helsinki-NLP/opus-mt-ROMANCE-en", description="Marian model: folder or Hugging Face id"
    )
    llm_rows: int = Field(default=0, ge=0, description="rows in train that the chat upstream writes from nothing")
    chat_model: str | None = Field(default=None, description="model of the chat upstream, where one is used")
    min_similarity: float = Field(
        default=0.5, ge=-1, le=1, description="centred cosine that a copy and its parent must have at least"
    )

    champion_judges: bool = Field(
        default=False,
        description="copies are dropped, too, where the present champion, right about the parent, changes its verdict; "
        "off: which rows there are would depend on the model before",
    )

    @property
    def uses_chat(self) -> bool:
        """Whether any rows come from the chat upstream."""
        reworded = self.paraphrase_share > 0 and self.paraphraser == "chat"
        translated = self.back_translation_rows > 0 and self.translator == "chat"
        return reworded or translated or self.llm_rows > 0

    @model_validator(mode="after")
    def _names_the_chat_model(self) -> AugmentationRecipe:
        if self.uses_chat and self.chat_model is None:
            raise ValueError(
                "chat_model must name the chat upstream's model that paraphrases, translates or writes rows"
            )
        return self
