import random
import re

import pytest
from synapse_pipelines.pii.phrases import Sentence, filled, joined, phrases, styled
from synapse_pipelines.pii.pools import Language
from synapse_pipelines.pii.values import TYPE_OF_SLOT, WORDS, Values

NUMBERS = ("age", "year", "number", "time", "date")


def fill(template: str, language: Language = "en", seed: int = 1) -> Sentence:
    rng = random.Random(seed)
    return filled(template, language, Values(rng, "train"), rng)


@pytest.mark.parametrize("language", ["en", "pt"])
def test_templates_are_many_and_their_slots_are_known(language: Language) -> None:
    every = [phrase for side in ("train", "valid", "test") for phrase in phrases(language, side)]
    assert len(every) == len(set(every)) > 650
    slots = {slot for phrase in every for slot in re.findall(r"\{(\w+)\}", phrase)}
    assert slots <= {*TYPE_OF_SLOT, *WORDS, *NUMBERS}
    none = [phrase for phrase in every if not {*re.findall(r"\{(\w+)\}", phrase)} & set(TYPE_OF_SLOT)]
    assert 0.2 < len(none) / len(every) < 0.5


def test_one_of_each_choice_is_taken() -> None:
    texts = {fill("[hi|hello] there[|!] [ERROR]", seed=seed).text for seed in range(40)}
    assert texts == {"hi there [ERROR]", "hello there [ERROR]", "hi there! [ERROR]", "hello there! [ERROR]"}


def test_values_are_marked() -> None:
    sentence = fill("ask {first} on {day}")
    ((start, end, kind),) = sentence.spans
    assert kind == "PERSON"
    assert sentence.text.startswith("ask ")
    assert sentence.text[end:].startswith(" on ")
    assert start == 4


@pytest.mark.parametrize("town", [", {place} {postcode_us}", "\n{place}", ", {postcode_pt} {place}"])
def test_the_town_belongs_to_the_address(town: str) -> None:
    sentence = fill("at {address}" + town + " today")
    assert [kind for *_, kind in sentence.spans] == ["ADDRESS"]
    assert sentence.text[sentence.spans[0][1] :] == " today"


def test_a_town_elsewhere_does_not() -> None:
    kinds = [kind for *_, kind in fill("{address} is in {place}, zip {zip}").spans]
    assert kinds == ["ADDRESS", "LOCATION", "POSTCODE"]
    assert [kind for *_, kind in fill("{place}, {place} {zip}").spans] == ["LOCATION", "LOCATION", "POSTCODE"]


def test_sentences_in_a_row_keep_what_is_marked() -> None:
    parts = [fill("ask {first}", seed=seed) for seed in range(3)]
    row = joined(parts, random.Random(1))
    assert [row.text[a:b] for a, b, _ in row.spans] == [part.text[4:] for part in parts]
    assert joined(parts[:1], random.Random(1)) == parts[0]


def test_styles_keep_the_length_up_to_the_last_value() -> None:
    sentence = fill("Ask {first} in {place}, João.")
    texts = {styled(sentence, random.Random(seed)).text for seed in range(80)}
    assert {sentence.text, sentence.text.lower(), sentence.text.upper()} <= texts
    assert {len(text) for text in texts} == {len(sentence.text), len(sentence.text) - 1}
