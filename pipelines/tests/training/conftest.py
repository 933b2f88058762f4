from pathlib import Path

import pytest
import torch
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.settings import PRESETS, Recipe
from synapse_pipelines.training.encoder import packaged_encoder
from synapse_pipelines.training.model import load_tokenizer
from transformers import BertConfig, BertModel


@pytest.fixture(scope="session")
def quick() -> Recipe:
    """A recipe of some ten short steps, in the number format that every machine has."""
    changes = {"epochs": 1, "max_train_rows": 120, "max_valid_rows": 60, "max_tokens": 16, "precision": "float32"}
    return PRESETS["tiny"].model_copy(update=changes)


@pytest.fixture(scope="session")
def dataset(source_tables: Path, quick: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small prepared data set. Read it, do not write to it."""
    out = tmp_path_factory.mktemp("dataset")
    prepare_dataset(source_tables, quick, out)
    return out


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
