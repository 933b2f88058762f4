from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synapse_common.decision import Calibration, DecisionRule, Floats
from synapse_common.taxonomy import CATEGORIES, COLUMNS
from synapse_pipelines.augmentation.augment import FUNCTIONAL
from synapse_pipelines.evaluation.functional import functional_figures

RULE = DecisionRule(thresholds=dict.fromkeys(CATEGORIES, 0.5), calibration={name: Calibration() for name in CATEGORIES})


def flags_bad(texts: list[str]) -> Floats:
    logits = np.array([5.0 if "bad" in text else -5.0 for text in texts], np.float32)
    return np.repeat(logits[:, None], 8, axis=1)


def write(folder: Path, rows: list[tuple[str, str, str, bool | None]]) -> None:
    frame = pd.DataFrame(rows, columns=["text", "language", "source", "toxicity"])
    for column in COLUMNS[1:]:
        frame[column] = None
    frame.astype(dict.fromkeys(COLUMNS, "boolean")).to_parquet(folder / FUNCTIONAL, index=False)


def test_without_the_file_there_are_no_figures(tmp_path: Path) -> None:
    assert functional_figures(tmp_path, flags_bad, RULE, 0) is None


def test_sentences_of_unknown_verdict_give_no_figures(tmp_path: Path) -> None:
    write(tmp_path, [("unclear", "pt", "generated/pt_hate/unclear-0", None)])
    assert functional_figures(tmp_path, flags_bad, RULE, 0) is None
    write(tmp_path, [])
    assert functional_figures(tmp_path, flags_bad, RULE, 0) is None


def test_accuracy_is_by_block_and_language_and_the_worst_block_comes_first(tmp_path: Path) -> None:
    write(
        tmp_path,
        [("you are bad", "en", f"generated/en_hate/plain-abuse-{line}", True) for line in range(20)]
        + [("not bad at all", "en", f"generated/en_hate/negation-{line}", False) for line in range(20)]
        + [("bom dia", "pt", f"generated/pt_hate/greeting-{line}", False) for line in range(10)]
        + [("unclear", "pt", "generated/pt_hate/unclear-0", None)],
    )
    found = functional_figures(tmp_path, flags_bad, RULE, 0)
    assert found is not None
    assert found.n == 50
    assert {name: one.value for name, one in found.accuracy.items()} == {"all": 0.6, "en": 0.5, "pt": 1.0}
    assert found.recall is not None
    assert found.recall.value == 1.0
    assert found.false_positive_rate is not None
    assert found.false_positive_rate.value == pytest.approx(20 / 30)
    worst = found.blocks[0]
    assert (worst.block, worst.language, worst.harmful, worst.accuracy.value) == ("negation", "en", False, 0.0)
    assert {one.block for one in found.blocks} == {"negation", "plain-abuse", "greeting"}
    assert worst.templates == 20


def test_sentences_of_one_template_count_as_one_draw(tmp_path: Path) -> None:
    def width(lines: int) -> float:
        rows = [("bad" if n % 2 else "fine", "en", f"generated/b/block-{n * lines // 200}", True) for n in range(200)]
        # Whether a sentence is flagged goes by template, half of them each.
        rows = [
            ("bad" if int(source.rpartition("-")[2]) % 2 else "fine", language, source, truth)
            for _, language, source, truth in rows
        ]
        write(tmp_path, rows)
        found = functional_figures(tmp_path, flags_bad, RULE, 0)
        assert found is not None
        assert found.accuracy["all"].interval is not None
        low, high = found.accuracy["all"].interval
        return high - low

    assert width(10) > 2 * width(200)


def test_sentences_of_one_kind_have_one_rate(tmp_path: Path) -> None:
    write(tmp_path, [("bad", "en", "generated/b/block-0", True)])
    found = functional_figures(tmp_path, flags_bad, RULE, 0)
    assert found is not None
    assert found.false_positive_rate is None
    assert found.recall is not None
