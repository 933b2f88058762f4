import json
import lzma
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import torch
from synapse_common.bundle import ONNX_FILE, Bundle, write_manifest
from synapse_common.settings import TlsSettings
from synapse_common.taxonomy import CATEGORIES
from synapse_common.testing import ServiceProcess, identity, running_service
from synapse_common.tls import LocalAuthority
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.quantise import export_onnx, to_int8
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

MAX_TOKENS = 16
WORDS = """
    hello how are you ola tudo bem i will hurt eu vou te matar the a of and is it not good bad day
""".split()  # noqa: SIM905  (reads better than a list of quotes)


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    letters = [f"{prefix}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz" for prefix in ("", "##")]
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *WORDS, "?", "!", ",", "."]
    vocabulary = {name: index for index, name in enumerate(dict.fromkeys(names))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real bundle of a two-layer BERT with random weights: all but what it says is as in production."""
    folder = tmp_path_factory.mktemp("bundle")
    torch.manual_seed(7)
    tokenizer = tiny_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.5,
    )
    model = classifier.ModerationClassifier(BertModel(config, add_pooling_layer=False), config.hidden_size).eval()
    with torch.no_grad():
        model.head.weight.mul_(20)
    classifier.save(model, tokenizer, folder / "model")
    (folder / "tokenizer.json").write_bytes((folder / "model" / "tokenizer.json").read_bytes())
    export_onnx(model, folder / "exported.onnx")
    to_int8(folder / "exported.onnx", folder / "quantised.onnx")
    (folder / ONNX_FILE).write_bytes(lzma.compress((folder / "quantised.onnx").read_bytes()))
    for name in ("exported.onnx", "quantised.onnx"):
        (folder / name).unlink()
    rule = {
        "thresholds": dict.fromkeys(CATEGORIES, 0.5),
        "calibration": {name: {"scale": 1.0, "bias": 0.0} for name in CATEGORIES},
    }
    (folder / "thresholds.json").write_text(json.dumps(rule))
    for name in ("reference.parquet", "metrics.json", "CARD.md"):
        (folder / name).write_text("{}")
    write_manifest(
        folder, kind="moderation", name="moderation", data={}, metrics={}, base_encoder="tiny", max_tokens=MAX_TOKENS
    )
    return folder


@pytest.fixture(scope="session")
def bundle(bundle_folder: Path) -> Bundle:
    return Bundle.open(bundle_folder, kind="moderation")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    return LocalAuthority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def client_tls(authority: LocalAuthority) -> TlsSettings:
    return identity(authority, "client")


Run = Callable[[Path], ServiceProcess]


@contextmanager
def moderation_runner(authority: LocalAuthority, folder: Path) -> Iterator[Run]:
    with ExitStack() as stack:

        def run(bundle: Path) -> ServiceProcess:
            settings = {"BUNDLE": str(bundle), "REST_PORT": "free", "DEVICE": "cpu", "MAX_BATCH": "4"}
            command = [sys.executable, "-m", "synapse_moderation"]
            tls = identity(authority, "moderation")
            return stack.enter_context(running_service(command, "SYNAPSE_MODERATION_", tls, folder, settings))

        yield run


@pytest.fixture
def run_moderation(authority: LocalAuthority, tmp_path: Path) -> Iterator[Run]:
    """Starts a predictor of the test's own on the bundle in a folder."""
    with moderation_runner(authority, tmp_path) as run:
        yield run


@pytest.fixture(scope="session")
def service(
    authority: LocalAuthority, bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceProcess]:
    """A ready predictor on the tiny bundle; takes at most four texts a call."""
    with moderation_runner(authority, tmp_path_factory.mktemp("moderation")) as run:
        process = run(bundle_folder)
        process.wait_ready()
        yield process
