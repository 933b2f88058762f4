"""What a user's messages say about how they take part: one row of features for each user of the chat logs.

Counts and lengths are taken as logarithms, since they span orders of magnitude. No feature holds text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from synapse_pipelines.errors import DataError


@dataclass(frozen=True)
class FeatureSpec:
    """A feature's name, unit, meaning, and the words for users high and low in it."""

    name: str
    unit: str
    description: str
    high: str
    low: str


FEATURES: Final[tuple[FeatureSpec, ...]] = (
    FeatureSpec("log_messages", "ln(1 + messages)", "messages sent", "many messages", "few messages"),
    FeatureSpec("log_active_days", "ln(1 + days)", "days with a message", "on many days", "on few days"),
    FeatureSpec("log_messages_per_day", "ln(1 + messages/day)", "messages per active day", "busy days", "quiet days"),
    FeatureSpec("log_length", "ln(1 + characters)", "median message length", "long messages", "short messages"),
    FeatureSpec("length_spread", "ln ratio", "spread of log message length", "varied lengths", "even lengths"),
    FeatureSpec("question_share", "share", "messages with a question mark", "asks often", "asks rarely"),
    FeatureSpec("link_share", "share", "messages with a web link", "shares links", "no links"),
    FeatureSpec("address_share", "share", "messages that open by naming someone", "addresses others", "speaks to all"),
    FeatureSpec("night_share", "share", "dated messages from 22:00 to 06:00 UTC", "at night", "by day"),
    FeatureSpec("log_gap_minutes", "ln(1 + minutes)", "median pause within a day", "long pauses", "quick succession"),
)
FEATURE_NAMES: Final = tuple(feature.name for feature in FEATURES)

_QUESTION = r"\?"
_LINK = r"https?://|www\."
_ADDRESS = r"^\s*@?[\w\-\[\]`|^{}]{2,20}[:,]\s"


def user_features(chat: pd.DataFrame, min_messages: int) -> pd.DataFrame:
    """Return the features of every user with at least `min_messages` messages, dated ones among them.

    Args:
        chat: rows of ``chat_logs``.
        min_messages: below this, shares are noise.

    Returns:
        A row for each user id (the index), a float64 column for each of `FEATURES`.

    Raises:
        DataError: no user has enough messages.
    """
    counts = chat["user_id"].map(chat["user_id"].value_counts())
    dated = chat["timestamp"].notna().groupby(chat["user_id"]).transform("any")
    rows = chat[(counts >= min_messages) & dated]
    if rows.empty:
        raise DataError(f"no user in chat_logs has {min_messages} messages with a time among them")
    text, time = rows["text"], pd.to_datetime(rows["timestamp"], utc=True)
    length = _log1p(text.str.len())
    hour = time.dt.hour
    night = ((hour >= 22) | (hour < 6)).astype(float).where(time.notna())
    day = time.dt.floor("D")
    by_user = rows["user_id"]
    messages = by_user.value_counts().sort_index()
    days = day.groupby(by_user).nunique()
    found = pd.DataFrame(
        {
            "log_messages": _log1p(messages),
            "log_active_days": _log1p(days),
            "log_messages_per_day": _log1p(time.groupby(by_user).count() / days),
            "log_length": length.groupby(by_user).median(),
            "length_spread": length.groupby(by_user).std(ddof=0),
            "question_share": text.str.contains(_QUESTION).groupby(by_user).mean(),
            "link_share": text.str.contains(_LINK).groupby(by_user).mean(),
            "address_share": text.str.contains(_ADDRESS).groupby(by_user).mean(),
            "night_share": night.groupby(by_user).mean(),
            "log_gap_minutes": _log1p(_median_gap(by_user, time, day)),
        }
    )
    # A user who never wrote twice on a day has no pause; a whole day stands for it.
    return found.fillna({"log_gap_minutes": float(np.log1p(24 * 60))})[list(FEATURE_NAMES)].astype(float)


def _median_gap(user: pd.Series[str], time: pd.Series[pd.Timestamp], day: pd.Series[pd.Timestamp]) -> pd.Series[float]:
    ordered = pd.DataFrame({"user": user, "time": time, "day": day}).dropna().sort_values("time", kind="stable")
    gap = ordered.groupby(["user", "day"])["time"].diff().dt.total_seconds() / 60
    median: pd.Series[float] = gap.groupby(ordered["user"]).median()
    return median


def _log1p(values: pd.Series[Any]) -> pd.Series[float]:
    return pd.Series(np.log1p(values.to_numpy(dtype=float)), index=values.index)
