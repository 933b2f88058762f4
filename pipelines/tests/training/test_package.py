import json
from pathlib import Path

import pytest
from synapse_common.bundle import Bundle, BundleError
from synapse_common.text import normalise
from synapse_pipelines.training.model import load_tokenizer
from synapse_pipelines.training.predict import onnx_logits

ABUSE = [
    "you are a pathetic moron",
    "shut up you idiot, everyone hates you",
    "cala a boca seu idiota",
    "seu lixo imbecil",
]
PLAIN = ["good morning everyone", "thanks, see you tomorrow", "bom dia a todos", "muito obrigado pela ajuda"]


def test_the_packaged_model_tells_abuse_from_plain_talk(moderation_bundle: Bundle) -> None:
    rule, tokenizer = moderation_bundle.decision_rule(), load_tokenizer(str(moderation_bundle.path / "model"))
    texts = [normalise(text) for text in ABUSE + PLAIN]
    scores = rule.scores(onnx_logits(moderation_bundle.onnx(), tokenizer, texts, 32))
    in_order = scores[: len(ABUSE), :1] > scores[len(ABUSE) :, 0]
    assert in_order.mean() > 0.8  # seconds of training give no more than that


def test_the_bundle_says_what_it_is_made_from(moderation_bundle: Bundle) -> None:
    manifest = moderation_bundle.manifest
    assert manifest.data["name"] == "generated"
    assert manifest.max_tokens == 32
    assert manifest.metrics["macro_auprc"] > 0
    card = moderation_bundle.file("CARD.md").read_text(encoding="utf-8")
    assert manifest.data["version"] in card


def test_the_bundles_tokenizer_is_the_models_in_fewer_bytes(moderation_bundle: Bundle) -> None:
    own, models = moderation_bundle.file("tokenizer.json"), moderation_bundle.path / "model" / "tokenizer.json"
    assert json.loads(own.read_bytes()) == json.loads(models.read_bytes())
    assert own.stat().st_size < models.stat().st_size


def test_a_tampered_model_is_refused(moderation_bundle: Bundle, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("bundle.json", *moderation_bundle.manifest.files):
        target = copy / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((moderation_bundle.path / name).read_bytes())
    Bundle.open(copy, kind="moderation")
    with (copy / "model.int8.onnx.xz").open("ab") as file:
        file.write(b"x")
    with pytest.raises(BundleError, match=r"model\.int8\.onnx\.xz does not match"):
        Bundle.open(copy, kind="moderation")
