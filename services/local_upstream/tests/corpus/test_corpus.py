from collections import Counter

from synapse_local_upstream.corpus import LANGUAGES, Corpus, load_corpus


def test_every_id_and_every_question_is_there_once(corpus: Corpus) -> None:
    ids = Counter(entry.id for entry in corpus.entries)
    assert [name for name, count in ids.items() if count > 1] == []
    for language in LANGUAGES:
        questions = Counter(ask.lower() for entry in corpus.entries for ask in entry.dialogue(language).ask)
        assert [question for question, count in questions.items() if count > 1] == []


def test_there_are_at_least_sixty_answers_a_language(corpus: Corpus) -> None:
    for language in LANGUAGES:
        assert len({entry.dialogue(language).answer for entry in corpus.entries}) >= 60


def test_the_fingerprint_is_stable(corpus: Corpus) -> None:
    assert load_corpus().fingerprint == corpus.fingerprint
    assert len(corpus.fingerprint) == 10


def test_it_says_that_it_answers_by_retrieval(corpus: Corpus) -> None:
    (entry,) = [entry for entry in corpus.entries if entry.id == "who_are_you"]
    assert "small built-in corpus" in entry.en.answer
    assert "pequeno corpus" in entry.pt.answer
