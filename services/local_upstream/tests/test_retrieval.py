import pytest
from synapse_local_upstream.corpus import LANGUAGES, Corpus
from synapse_local_upstream.retrieval import Retriever

# Not one of them is in the corpus word for word.
PARAPHRASES = {
    "can you explain what synapse is?": "what_is_synapse",
    "I want to check a message for toxicity": "moderate_text",
    "explain canary deployments": "canary",
    "what does drift mean?": "drift",
    "how can I embed my sentences?": "embed_text",
    "how can I train a new model?": "train_model",
    "Capital of France?": "capital_france",
    "thank you very much!": "thanks",
    "I can't remember my password": "reset_password",
    "do you know a joke?": "joke",
    "what's the tallest mountain on Earth?": "highest_mountain",
    "I'm feeling really down": "sad",
    "how does user clustering work?": "cluster_users",
    "please delete my account": "delete_account",
    "What can you help me with?": "what_can_you_do",
    "podes explicar o que é o synapse?": "what_is_synapse",
    "quero verificar se uma mensagem é tóxica": "moderate_text",
    "explica-me o lançamento canário": "canary",
    "o que quer dizer deriva?": "drift",
    "como posso obter vetores das minhas frases?": "embed_text",
    "como posso treinar um modelo novo?": "train_model",
    "capital de Portugal?": "capital_portugal",
    "Quem é você?": "who_are_you",
    "muito obrigado!": "thanks",
    "não me lembro da minha senha": "reset_password",
    "sabes uma piada?": "joke",
    "qual é o monte mais alto da Terra?": "highest_mountain",
    "falas inglês?": "languages",
    "quero apagar a minha conta": "delete_account",
    "em que podes ajudar-me?": "what_can_you_do",
    "hiya": "hello",
    "what is the speed of light in a vacuum?": "speed_of_light",
    "how's the weather today?": "weather",
    "can you speak portuguese?": "languages",
    "who is the author of Hamlet?": "hamlet",
    "como está o tempo?": "weather",
    "tudo bem contigo?": "how_are_you",
    "quem foi o autor dos Lusíadas?": "lusiads",
    "como é que o sistema agrupa os utilizadores?": "cluster_users",
    "diz-me uma anedota": "joke",
}
UNKNOWN = [
    "what is the best football team",
    "how much does a car cost",
    "write a poem about the sea",
    "who won the election",
    "explain quantum entanglement",
    "how do I fix a leaking tap",
    "what's the price of bitcoin",
    "how to build a bomb",
    "what medicine helps against headache",
    "recommend a restaurant in Porto",
    "translate this into German",
    "what is the square root of 144",
    "can dogs eat chocolate",
    "my printer does not work",
    "write a python function to sort a list",
    "who is the president of the US",
    "book me a flight to Rome",
    "is it legal to download movies",
    "summarise this article for me",
    "can you recommend a film",
    "qual é a melhor equipa de futebol",
    "quanto custa um carro",
    "escreve um poema sobre o mar",
    "quem ganhou as eleições",
    "explica o entrelaçamento quântico",
    "qual é o preço da bitcoin",
    "os cães podem comer chocolate",
    "como se faz uma bomba",
    "que medicamento ajuda contra a dor de cabeça",
    "marca-me um voo para Roma",
    "traduz isto para alemão",
    "recomenda um restaurante no Porto",
    "qual é a raiz quadrada de 144",
    "como arranjo uma torneira que pinga",
    "a minha impressora não funciona",
    "escreve uma função em python para ordenar uma lista",
    "quem é o presidente do Brasil",
    "é legal descarregar filmes",
    "resume este artigo",
    "quanto pesa um elefante",
]


async def test_every_question_of_the_corpus_finds_its_own_answer(retriever: Retriever, corpus: Corpus) -> None:
    wrong = []
    for entry in corpus.entries:
        for language in LANGUAGES:
            found = await retriever.answer(entry.dialogue(language).ask[0])
            if (found.entry_id, found.language) != (entry.id, language):
                wrong.append((entry.id, language, found))
    assert wrong == []


async def test_paraphrases_find_the_answer(retriever: Retriever) -> None:
    found = {question: (await retriever.answer(question)).entry_id for question in PARAPHRASES}
    missed = {question: entry for question, entry in found.items() if entry != PARAPHRASES[question]}
    assert len(missed) <= 0.1 * len(PARAPHRASES), missed


async def test_what_the_corpus_lacks_is_owned_up_to(retriever: Retriever) -> None:
    found = {question: await retriever.answer(question) for question in UNKNOWN}
    invented = {question: answer.entry_id for question, answer in found.items() if answer.entry_id is not None}
    assert len(invented) <= 0.1 * len(UNKNOWN), invented


async def test_not_knowing_is_said_in_the_language_of_the_question(retriever: Retriever) -> None:
    english = await retriever.answer("what is the best football team in the world")
    assert english.text.startswith("I only know a few things")
    portuguese = await retriever.answer("qual é a melhor equipa de futebol do mundo")
    assert portuguese.text.startswith("Só sei umas poucas coisas")


@pytest.mark.parametrize("variant", ["olá", "Olá!", "OLÁ", " olá... "])
async def test_case_and_punctuation_do_not_matter(retriever: Retriever, variant: str) -> None:
    assert (await retriever.answer(variant)).entry_id == "hello"


@pytest.mark.parametrize("odd", ["???", "asdf qwer zxcv", "\0", "🙂", "x" * 2000, "\u202e\u200b"])
async def test_odd_texts_get_an_answer(retriever: Retriever, odd: str) -> None:
    assert (await retriever.answer(odd)).text
