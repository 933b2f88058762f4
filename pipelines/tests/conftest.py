from pathlib import Path

import pytest
import torch
from synapse_common.bundle import Bundle
from synapse_pipelines.data.generate import BASIC_BANKS, write_tables
from synapse_pipelines.testing import build_tiny_moderation_bundle
from synapse_pipelines.training.encoder import packaged_encoder
from synapse_pipelines.training.model import load_tokenizer
from transformers import BertConfig, BertModel


@pytest.fixture(scope="session")
def source_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three source tables, generated. Read it, do not write to it."""
    return write_tables(tmp_path_factory.mktemp("tables"), annotations=900, messages=400, seed=3, banks=BASIC_BANKS)


@pytest.fixture(scope="session")
def moderation_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A small trained moderation bundle. Read it, do not write to it."""
    folder = tmp_path_factory.mktemp("moderation") / "bundle"
    build_tiny_moderation_bundle(folder)
    return Bundle.open(folder, kind="moderation")


@pytest.fixture(scope="session")
def small_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT encoder of two narrow layers with random weights and no dropout."""
    folder = tmp_path_factory.mktemp("encoders") / "small"
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    plain = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    BertModel(BertConfig(**sizes, **plain), add_pooling_layer=False).save_pretrained(folder)
    load_tokenizer(str(packaged_encoder())).save_pretrained(folder)
    return folder
