import numpy as np
from synapse_common.decision import Calibration, DecisionRule, Floats
from synapse_common.taxonomy import CATEGORIES
from synapse_pipelines.augmentation.obfuscation import TRICKS
from synapse_pipelines.evaluation.attacks import MAX_TEXTS, NO_TRICK, attack_figures

RULE = DecisionRule(thresholds=dict.fromkeys(CATEGORIES, 0.5), calibration={name: Calibration() for name in CATEGORIES})


def finds_the_word(texts: list[str]) -> Floats:
    """A model that knows one word in plain spelling alone."""
    logits = np.array([5.0 if "dreadful" in text else -5.0 for text in texts], np.float32)
    return np.repeat(logits[:, None], 8, axis=1)


def test_recall_falls_where_a_trick_hides_the_word_and_false_positives_do_not_rise() -> None:
    texts = ["dreadful"] * 40 + ["pleasant"] * 40 + ["unknown"] * 5
    truth = np.array([1] * 40 + [0] * 40 + [np.nan] * 5, np.float32)
    found = attack_figures(texts, truth, finds_the_word, RULE, seed=0)
    assert [one.trick for one in found] == [NO_TRICK, *TRICKS]
    plain, *hidden = found
    assert plain.recall is not None
    assert plain.recall.value == 1.0
    for one in hidden:
        assert one.recall is not None
        assert one.recall.value == 0.0
        assert one.false_positive_rate is not None
        assert one.false_positive_rate.value == 0.0


def test_a_sample_of_the_texts_is_attacked() -> None:
    seen: list[int] = []

    def counting(texts: list[str]) -> Floats:
        seen.append(len(texts))
        return finds_the_word(texts)

    attack_figures(["dreadful"] * 3 * MAX_TEXTS, np.ones(3 * MAX_TEXTS, np.float32), counting, RULE, seed=0)
    assert set(seen) == {MAX_TEXTS}


def test_without_harmless_texts_there_is_no_false_positive_rate() -> None:
    found = attack_figures(["dreadful"], np.ones(1, np.float32), finds_the_word, RULE, seed=0)
    assert found[0].false_positive_rate is None
    assert attack_figures([], np.ones(0, np.float32), finds_the_word, RULE, seed=0)[0].recall is None
