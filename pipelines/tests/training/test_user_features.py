import numpy as np
import pandas as pd
import pytest
from synapse_pipelines.errors import DataError
from synapse_pipelines.training.user_features import FEATURE_NAMES, user_features


def chat(*rows: tuple[str, str | None, str]) -> pd.DataFrame:
    users, times, texts = zip(*rows, strict=True)
    return pd.DataFrame({"user_id": users, "timestamp": pd.to_datetime(list(times), utc=True), "text": texts})


def test_features_of_one_user() -> None:
    found = user_features(
        chat(
            ("u", "2024-01-01T23:00Z", "bob: why?"),
            ("u", "2024-01-01T23:10Z", "see https://example.org"),
            ("u", "2024-01-02T12:00Z", "1234"),
            ("u", None, "1234"),
        ),
        min_messages=2,
    ).loc["u"]
    assert tuple(found.index) == FEATURE_NAMES
    assert found["log_messages"] == pytest.approx(np.log1p(4))
    assert found["log_active_days"] == pytest.approx(np.log1p(2))
    assert found["log_messages_per_day"] == pytest.approx(np.log1p(1.5))
    assert found["question_share"] == 0.25
    assert found["link_share"] == 0.25
    assert found["address_share"] == 0.25
    assert found["night_share"] == pytest.approx(2 / 3)
    assert found["log_gap_minutes"] == pytest.approx(np.log1p(10))


def test_a_user_without_pauses_gets_a_whole_day() -> None:
    found = user_features(chat(("u", "2024-01-01T10:00Z", "a"), ("u", "2024-01-02T10:00Z", "b")), min_messages=2)
    assert found.loc["u", "log_gap_minutes"] == pytest.approx(np.log1p(1440))


def test_users_with_few_or_undated_messages_are_left_out() -> None:
    found = user_features(
        chat(
            ("few", "2024-01-01T10:00Z", "a"),
            ("undated", None, "a"),
            ("undated", None, "b"),
            ("ok", "2024-01-01T10:00Z", "a"),
            ("ok", None, "b"),
        ),
        min_messages=2,
    )
    assert found.index.tolist() == ["ok"]
    assert np.isfinite(found.to_numpy()).all()


def test_no_user_with_enough_messages_is_an_error() -> None:
    with pytest.raises(DataError, match="no user"):
        user_features(chat(("u", "2024-01-01T10:00Z", "a")), min_messages=2)
