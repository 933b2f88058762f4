"""What is asked of a chat upstream, what is believed of its answers, and the rows they become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from synapse_local_upstream.chat import Completion
from synapse_local_upstream.requests import ChatBody
from synapse_pipelines.augmentation.augment import augment_dataset, load_augmentation
from synapse_pipelines.augmentation.chat import ChatClient, chat_client, need_chat, parse, prompt
from synapse_pipelines.augmentation.generators import KINDS, ChatGenerator, Kind, written_rows
from synapse_pipelines.augmentation.paraphrase import ChatParaphraser
from synapse_pipelines.augmentation.recipe import AugmentationRecipe
from synapse_pipelines.augmentation.translation import BackTranslator, ChatTranslator
from synapse_pipelines.data.dataset import load_split
from synapse_pipelines.data.split import split_of
from synapse_pipelines.errors import AugmentationError
from synapse_pipelines.progress import ignore
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.encoder import packaged_encoder


def told(text: str) -> str:
    """The message that a prompt ends with."""
    return str(json.loads(text.strip().splitlines()[-1]))


def test_the_fake_answers_in_the_form_of_the_local_upstream(chat_server: Any) -> None:
    body = ChatBody.model_validate({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
    real = Completion("id", 1, "fp", ["a"], "stop", 1).body()
    fake = chat_server.respond(body)
    assert fake.keys() == real.keys()
    assert fake["choices"][0].keys() == real["choices"][0].keys()
    assert fake["choices"][0]["message"].keys() == real["choices"][0]["message"].keys()
    assert fake["usage"].keys() == real["usage"].keys()


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ('{"texts": ["one", " two "]}', ["one", "two"]),
        ('Sure!\n```json\n{"texts": ["one"]}\n```', ["one"]),
        ('{"texts": []}', None),
        ('{"texts": [""]}', None),
        ('{"texts": "one"}', None),
        ('{"texts": ["one"], "note": "x"}', None),
        ("I cannot help with that.", None),
        ("{not json}", None),
        (None, None),
    ],
)
def test_only_the_form_asked_for_is_believed(content: str | None, texts: list[str] | None) -> None:
    assert parse(content) == texts


def test_answers_come_in_the_order_of_the_prompts_and_seeds_differ(chat: ChatClient, chat_server: Any) -> None:
    chat_server.answer = lambda text: json.dumps({"texts": [text.upper()]})
    assert chat.ask([f"prompt {n}" for n in range(20)], 5) == [[f"PROMPT {n}"] for n in range(20)]
    assert {body.seed for body in chat_server.bodies} == set(range(5, 25))
    assert {body.model for body in chat_server.bodies} == {"writer"}


def test_a_refused_call_says_so(chat: ChatClient, chat_server: Any) -> None:
    chat_server.status = 404
    with pytest.raises(AugmentationError, match=r"404.*no such model"):
        chat.ask(["x"], 1)


def test_a_server_that_is_not_there_says_so(chat: ChatClient, chat_server: Any) -> None:
    chat_server.close()
    with pytest.raises(AugmentationError, match="cannot be reached"):
        chat.ask(["x"], 1)


def test_without_address_and_key_there_is_no_upstream() -> None:
    with pytest.raises(AugmentationError, match="SYNAPSE_TRAINING_CHAT_BASE_URL"):
        ChatClient("m", None, None)
    ChatClient("m", None, SecretStr("key")).close()
    with pytest.raises(AugmentationError, match="no client"):
        need_chat(None)


def test_the_recipe_says_whether_one_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_TRAINING_CHAT_BASE_URL", "http://127.0.0.1:9/v1")
    assert chat_client(AugmentationRecipe(chat_model="m")) is None
    client = chat_client(AugmentationRecipe(chat_model="m", llm_rows=1))
    assert client is not None
    client.close()
    for wanted in ({"llm_rows": 1}, {"paraphrase_share": 0.1, "paraphraser": "chat"}):
        with pytest.raises(ValidationError, match="chat_model"):
            AugmentationRecipe.model_validate(wanted)


def test_a_prompt_without_all_its_values_is_an_error() -> None:
    with pytest.raises(KeyError):
        prompt("paraphrase", language="English")


def test_rewording_and_back_translation_ask_in_the_right_languages(chat: ChatClient, chat_server: Any) -> None:
    chat_server.answer = lambda text: "no" if "skip" in told(text) else json.dumps({"texts": [told(text) + "!"]})
    texts = ['say "hi" {now}', "skip me"]
    assert ChatParaphraser(chat, 1).paraphrase(texts, "en") == ['say "hi" {now}!', None]
    assert "in English" in chat_server.bodies[0].messages[0].text
    chat_server.bodies.clear()
    assert BackTranslator(ChatTranslator(chat, 1)).paraphrase(texts, "pt") == ['say "hi" {now}!!', None]
    asked = [body.messages[0].text for body in chat_server.bodies]
    assert sum("from Portuguese to English" in text for text in asked) == 2
    assert sum("from English to Portuguese" in text for text in asked) == 1


def test_generated_rows_are_labelled_as_asked(chat: ChatClient, chat_server: Any) -> None:
    chat_server.answer = lambda _: '{"texts": ["one way to say it", "another way", "one way to say it"]}'
    rows = ChatGenerator(chat, 1).generate(Kind("hate/threatening", "en", harmful=True), 10)
    assert rows["text"].tolist() == ["one way to say it", "another way"]
    assert rows[["toxicity", "hate", "hate_threatening", "violence"]].all(axis=None)
    assert rows[["harassment", "sexual", "self_harm", "illicit"]].isna().all(axis=None)
    assert {split_of("", source) for source in rows["source"]} == {"train"}
    harmless = ChatGenerator(chat, 1).generate(Kind("illicit", "pt", harmful=False), 1)
    assert len(harmless) == 1
    assert not harmless[["toxicity", "illicit"]].any(axis=None)


def test_bad_answers_and_other_languages_are_counted(chat: ChatClient, chat_server: Any) -> None:
    def answer(text: str) -> str:
        return "I will not." if "harmless" in text else '{"texts": ["this is an English sentence about the weather"]}'

    chat_server.answer = answer
    rows, reasons = written_rows(len(KINDS), chat, 1)
    assert set(rows["language"]) == {"en"}
    assert reasons == {"answer not as asked for": len(KINDS) // 2, "language changed": len(KINDS) // 4}


def test_all_of_it_ends_in_train(labelled_dataset: Path, tmp_path: Path, chat: ChatClient, chat_server: Any) -> None:
    def answer(text: str) -> str:
        if "from nothing" in text or text.startswith("You write"):
            return json.dumps({"texts": [f"a written message number {len(chat_server.bodies)} about the harbour"]})
        return json.dumps({"texts": [f"well, {told(text)}"]})

    chat_server.answer = answer
    settings = AugmentationRecipe(
        chat_model="writer", llm_rows=8, paraphrase_share=0.05, paraphraser="chat", back_translation_rows=10,
        translator="chat", obfuscated_share=0, valid_labels=0,
    )  # fmt: skip
    encoder = str(packaged_encoder())
    augment_dataset(labelled_dataset, Recipe(augmentation=settings), tmp_path, ignore, base_encoder=encoder, chat=chat)
    train = load_split(tmp_path, "train")
    counts = load_augmentation(tmp_path).rows["train"]
    assert counts["llm"] > 0
    assert counts["paraphrase"] > 0
    assert counts["back_translation"] > 0
    reworded = train[train["method"] == "paraphrase"]
    assert set(reworded["parent_id"]) <= set(train["key"])
    assert reworded["text"].str.startswith("well, ").all()
