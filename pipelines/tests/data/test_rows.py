from collections import Counter

import pytest
from synapse_pipelines.data.rows import chat_side


def test_a_message_keeps_its_side_and_sides_have_their_shares() -> None:
    ids = [f"m{number}" for number in range(20_000)]
    sides = Counter(map(chat_side, ids))
    assert {side: count / len(ids) for side, count in sides.items()} == pytest.approx(
        {"everyday": 0.3, "valid": 0.14, "train": 0.56}, abs=0.01
    )
