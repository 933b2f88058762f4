from pathlib import Path

import pytest
import torch
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.encoder import packaged_encoder


@pytest.fixture(scope="module")
def small() -> classifier.ModerationClassifier:
    torch.manual_seed(0)
    return classifier.from_encoder(str(packaged_encoder()), layers=2, frozen_layers=1, dropout=0.0).eval()


def test_keeps_the_asked_layers_and_freezes_the_lowest(small: classifier.ModerationClassifier) -> None:
    trainable = {
        name.split("layer.")[1][0] for name, p in small.named_parameters() if "layer." in name and p.requires_grad
    }
    assert trainable == {"1"}
    assert small.encoder.config.num_hidden_layers == 2


def test_padding_does_not_change_logits(small: classifier.ModerationClassifier) -> None:
    ids = torch.tensor([[101, 2023, 2003, 102]])
    padded = torch.tensor([[101, 2023, 2003, 102, 0, 0, 0]])
    with torch.inference_mode():
        plain = small(ids, torch.ones_like(ids))
        with_padding = small(padded, torch.tensor([[1, 1, 1, 1, 0, 0, 0]]))
    assert plain.shape == (1, 8)
    torch.testing.assert_close(plain, with_padding, atol=1e-5, rtol=1e-4)


def test_saving_and_loading_keeps_logits(small: classifier.ModerationClassifier, tmp_path: Path) -> None:
    classifier.save(small, classifier.load_tokenizer(str(packaged_encoder())), tmp_path)
    loaded = classifier.load(tmp_path)
    ids = torch.tensor([[101, 2023, 102]])
    with torch.inference_mode():
        torch.testing.assert_close(loaded(ids, torch.ones_like(ids)), small(ids, torch.ones_like(ids)))


def test_an_encoder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot load the base encoder"):
        classifier.from_encoder(str(tmp_path), layers=None, frozen_layers=0, dropout=0.0)


def test_more_layers_than_there_are_is_refused() -> None:
    with pytest.raises(TrainingError, match="has 6 layers; asked to keep 7"):
        classifier.from_encoder(str(packaged_encoder()), layers=7, frozen_layers=0, dropout=0.0)
