import numpy as np
from synapse_common.bundle import Bundle
from synapse_common.decision import Floats
from synapse_pipelines.evaluation.bootstrap import draw
from synapse_pipelines.evaluation.comparison import bundle_logits, compare
from synapse_pipelines.evaluation.measured import Measured
from synapse_pipelines.training.model import load_tokenizer
from synapse_pipelines.training.predict import onnx_logits

N = 300


def model(noise: float, seed: int) -> tuple[Floats, Floats]:
    """Scores that follow the labels, the less the more noise, and the labels."""
    labels = np.full((N, 8), np.nan, np.float32)
    labels[:, 0] = np.arange(N) % 2
    rng = np.random.default_rng(seed)
    scores = np.zeros((N, 8), np.float32)
    scores[:, 0] = labels[:, 0] + rng.normal(0, noise, N)
    return scores, labels


GROUPS = {"all": np.ones(N, dtype=bool), "en": np.arange(N) < 200, "pt": np.arange(N) >= N}


def test_a_worse_model_loses_beyond_noise_in_every_language_that_has_labels() -> None:
    scores, labels = model(2.0, 0)
    found = compare("v1", Measured(scores, scores > 0.5, labels), model(0.2, 1)[0], GROUPS, draw(N, 0))
    assert list(found.gain) == list(found.macro_auprc) == ["all", "en"]
    for gain in found.gain.values():
        assert gain.interval is not None
        assert gain.interval[1] < 0


def test_equal_models_differ_by_noise_alone() -> None:
    scores, labels = model(1.0, 0)
    found = compare("v1", Measured(scores, scores > 0.5, labels), model(1.0, 1)[0], GROUPS, draw(N, 0))
    low, high = found.gain["all"].interval or (0, 0)
    assert low < 0 < high
    assert found.name == "v1"


def test_pairing_narrows_the_interval() -> None:
    scores, labels = model(1.0, 0)
    near = scores + np.random.default_rng(3).normal(0, 0.05, scores.shape).astype(np.float32)
    paired = compare("v1", Measured(scores, scores > 0.5, labels), near, GROUPS, draw(N, 0)).gain["all"].interval
    apart = (
        compare("v1", Measured(scores, scores > 0.5, labels), model(1.0, 9)[0], GROUPS, draw(N, 0)).gain["all"].interval
    )
    assert paired is not None
    assert apart is not None
    assert paired[1] - paired[0] < (apart[1] - apart[0]) / 3


def test_a_bundle_is_scored_as_it_serves(moderation_bundle: Bundle) -> None:
    texts = ["hello there", "you are a moron, get out"]
    expected = onnx_logits(
        moderation_bundle.onnx(),
        load_tokenizer(str(moderation_bundle.path / "model")),
        texts,
        moderation_bundle.manifest.max_tokens or 0,
    )
    np.testing.assert_allclose(bundle_logits(moderation_bundle, texts), expected, atol=1e-5)
