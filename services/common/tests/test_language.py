import pytest
from synapse_common.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Good morning, can you help me with my order?", "en"),
        ("Bom dia, você pode me ajudar com o meu pedido?", "pt"),
        ("Não consigo entrar na minha conta desde ontem.", "pt"),
        ("I cannot log in since yesterday.", "en"),
        ("", "und"),
        ("12345 !!!", "und"),
    ],
)
def test_detect_language(text: str, language: str) -> None:
    assert detect_language(text) == language
