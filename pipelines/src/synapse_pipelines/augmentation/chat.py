"""Texts from a chat upstream: a prompt file filled in, and an answer that is checked before it is believed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from string import Template
from typing import Annotated, Final, Literal

from openai import APIConnectionError, APIStatusError, OpenAI
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError
from synapse_common.settings import load_settings

from synapse_pipelines.augmentation.recipe import AugmentationRecipe
from synapse_pipelines.errors import AugmentationError
from synapse_pipelines.settings import TrainingSettings

PromptName = Literal["paraphrase", "translate", "harmful", "harmless"]
LANGUAGE_NAMES: Final = {"en": "English", "pt": "Portuguese"}

_JSON: Final = re.compile(r"\{.*\}", re.DOTALL)  # models like to wrap it in a code fence
_CALLS_AT_ONCE: Final = 8
_TIMEOUT_S: Final = 60.0


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    texts: list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]] = Field(min_length=1)


class ChatClient:
    """Asks one model of an OpenAI-compatible server."""

    def __init__(self, model: str, base_url: str | None, api_key: SecretStr | None) -> None:
        """Talk to `model` at `base_url`; null is OpenAI's own API, which needs a key.

        Raises:
            AugmentationError: there is neither an address nor a key.
        """
        if base_url is None and api_key is None:
            raise AugmentationError(
                "no chat upstream: set SYNAPSE_TRAINING_CHAT_BASE_URL, or SYNAPSE_TRAINING_CHAT_API_KEY"
            )
        # A local server asks for no key, but the client wants one.
        key = api_key.get_secret_value() if api_key else "none"
        self._client = OpenAI(api_key=key, base_url=base_url, timeout=_TIMEOUT_S)
        self._model = model

    def ask(self, prompts: Sequence[str], seed: int) -> list[list[str] | None]:
        """Return the texts of each answer, in the order of `prompts`; None where an answer is not as asked for.

        Each call has a seed of its own, counted up from `seed`, so that equal prompts get different answers.

        Raises:
            AugmentationError: the upstream cannot be reached or refuses a call.
        """
        with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
            return list(pool.map(self._ask, prompts, range(seed, seed + len(prompts))))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, prompt: str, seed: int) -> list[str] | None:
        try:
            answer = self._client.chat.completions.create(
                model=self._model, messages=[{"role": "user", "content": prompt}], temperature=1.0, seed=seed
            )
        except APIStatusError as error:
            raise AugmentationError(f"the chat upstream answers {error.status_code}: {error.message}") from error
        except APIConnectionError as error:
            raise AugmentationError(
                f"the chat upstream at {self._client.base_url} cannot be reached: {error}"
            ) from error
        return parse(answer.choices[0].message.content if answer.choices else None)


def chat_client(recipe: AugmentationRecipe) -> ChatClient | None:
    """Return the client of the upstream that the environment names, or None where `recipe` asks for none.

    Which model answers is the recipe's, since it decides the rows; where it runs and the key are the environment's.

    Raises:
        AugmentationError: there is neither an address nor a key.
    """
    if recipe.chat_model is None or not recipe.uses_chat:
        return None
    settings = load_settings(TrainingSettings)
    return ChatClient(recipe.chat_model, settings.chat_base_url, settings.chat_api_key)


def need_chat(client: ChatClient | None) -> ChatClient:
    """Return `client`.

    Raises:
        AugmentationError: there is none.
    """
    if client is None:
        raise AugmentationError("the recipe asks for rows by a chat upstream, but no client of one was given")
    return client


def parse(content: str | None) -> list[str] | None:
    """Return the texts in an answer, or None where it is not the JSON that the prompts ask for."""
    found = _JSON.search(content or "")
    if found is None:
        return None
    try:
        return _Answer.model_validate_json(found[0]).texts
    except ValidationError:
        return None


def prompt(name: PromptName, **values: str) -> str:
    """Return the text of ``prompts/<name>.txt`` with its ``$values`` filled in; a missing one is a KeyError."""
    return Template(files(__package__).joinpath("prompts", f"{name}.txt").read_text("utf-8")).substitute(values)
