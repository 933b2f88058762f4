from synapse_pipelines.pii.masking import mask_texts


def test_every_text_is_masked_on_its_own_and_the_order_stays() -> None:
    assert mask_texts(["mail a@x.pt, b@x.pt", "olá", "b@x.pt"], "fast") == [
        "mail <EMAIL_1>, <EMAIL_2>",
        "olá",
        "<EMAIL_1>",
    ]
