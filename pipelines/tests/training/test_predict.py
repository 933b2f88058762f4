import numpy as np
from synapse_common.bundle import Bundle
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.predict import torch_logits


def test_logits_come_in_the_order_of_the_texts(moderation_bundle: Bundle) -> None:
    model = classifier.load(moderation_bundle.path / "model")
    tokenizer = classifier.load_tokenizer(str(moderation_bundle.path / "model"))
    texts = ["a rather long message about the weather and the news of today", "hi", "you are a moron"]
    together = torch_logits(model, tokenizer, texts, 32)
    alone = np.concatenate([torch_logits(model, tokenizer, [text], 32) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_no_texts_give_no_logits(moderation_bundle: Bundle) -> None:
    model = classifier.load(moderation_bundle.path / "model")
    tokenizer = classifier.load_tokenizer(str(moderation_bundle.path / "model"))
    assert torch_logits(model, tokenizer, [], 32).shape == (0, 8)
