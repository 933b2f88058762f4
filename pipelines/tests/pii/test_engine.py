from collections.abc import Sequence

import pytest
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts
from synapse_pipelines.pii.engine import NameRecognizer, TaggerEngine, analyzer, find_all, resolve
from synapse_pipelines.pii.phrases import Span


class ScriptedTagger:
    """Finds the words that it was told."""

    def __init__(self, **kinds: str) -> None:
        self.kinds = kinds
        self.batches: list[list[str]] = []

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        self.batches.append(list(texts))
        return [
            [
                (text.index(word), text.index(word) + len(word), kind)
                for word, kind in self.kinds.items()
                if word in text
            ]
            for text in texts
        ]


TEXTS = [
    "Please call Ana, her number is 912 345 678",
    "O Rui mora em Braga e o NIF dele é 501 442 600",
    "my friend Ana lives in Braga with her two cats",
]


def test_forms_and_names_are_found_in_both_languages() -> None:
    tagger = ScriptedTagger(Ana="PERSON", Rui="PERSON", Braga="LOCATION")
    found = find_all(analyzer(tagger), TEXTS)
    assert [[(text[a:b], kind) for a, b, kind in spans] for text, spans in zip(TEXTS, found, strict=True)] == [
        [("Ana", "PERSON"), ("912 345 678", "PHONE")],
        [("Rui", "PERSON"), ("Braga", "LOCATION"), ("501 442 600", "NIF")],
        [("Ana", "PERSON"), ("Braga", "LOCATION")],
    ]
    assert tagger.batches == [[TEXTS[0], TEXTS[2]], [TEXTS[1]]]  # a batch of each language


def test_presidio_reads_one_text_as_well() -> None:
    engine = analyzer(ScriptedTagger(Ana="PERSON"))
    (result,) = engine.analyze("hello Ana", "pt")
    assert (result.entity_type, result.start, result.end) == ("PERSON", 6, 9)
    assert engine.analyze("hello Ana", "en", entities=["EMAIL"]) == []


@pytest.mark.parametrize("word", ["MUSLIMS", "os negros"])
def test_a_span_that_names_a_group_of_people_is_no_name(word: str) -> None:
    tagger = ScriptedTagger(**{word: "ORG", "Braga": "LOCATION"})
    text = f"{word} go back to Braga"
    assert find_all(analyzer(tagger), [text]) == [[(len(text) - 5, len(text), "LOCATION")]]


def test_no_texts_no_spans() -> None:
    assert find_all(analyzer(ScriptedTagger()), []) == []


@pytest.mark.parametrize(
    ("results", "spans"),
    [
        (
            [("ADDRESS", 0, 20, 0.85), ("POSTCODE", 8, 12, 1.0)],
            [(0, 8, "ADDRESS"), (8, 12, "POSTCODE"), (12, 20, "ADDRESS")],
        ),
        ([("PERSON", 0, 5, 0.85), ("EMAIL", 0, 20, 1.0)], [(0, 20, "EMAIL")]),
        ([("PERSON", 0, 5, 0.85), ("ORG", 0, 8, 0.85)], [(0, 8, "ORG")]),
        ([("PERSON", 0, 5, 0.85), ("ORG", 3, 9, 0.85)], [(0, 3, "PERSON"), (3, 9, "ORG")]),
    ],
)
def test_where_two_overlap_both_stay_covered(
    results: list[tuple[str, int, int, float]], spans: list[tuple[int, int, str]]
) -> None:
    assert resolve("a" * 20, [RecognizerResult(*result) for result in results]) == spans


def test_what_is_left_of_a_span_begins_and_ends_with_a_letter() -> None:
    results = [RecognizerResult("ADDRESS", 0, 11, 0.85), RecognizerResult("POSTCODE", 4, 8, 1.0)]
    assert resolve("rua 4000, x", results) == [(0, 3, "ADDRESS"), (4, 8, "POSTCODE"), (10, 11, "ADDRESS")]


def test_names_need_the_tagger_as_engine() -> None:
    engine = TaggerEngine(ScriptedTagger())
    foreign = NlpArtifacts([], [], [], [], engine, "en")
    with pytest.raises(TypeError, match="tagger"):
        NameRecognizer(["PERSON"]).analyze("Ana", ["PERSON"], foreign)
