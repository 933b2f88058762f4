"""How often one subject may call: a sliding window over all methods."""

from __future__ import annotations

import time
from typing import Any

import limits
from limits.aio.storage import RedisStorage, Storage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string
from synapse_common.errors import ConfigurationError, ResourceExhausted, Unavailable
from synapse_common.logs import get_logger

from synapse_gateway.exchange import Exchange

_log = get_logger(__name__)
_REDIS_TIMEOUT_S = 1.0


class Limit:
    """Counts calls per subject, in memory or in Redis."""

    name = "limit"
    outages = (Unavailable,)

    def __init__(self, rate: str, storage_uri: str) -> None:
        """Count in the store at `storage_uri`; `rate` is in the notation of the limits library.

        Raises:
            ConfigurationError: the store's client library is not installed, or its address is malformed.
        """
        self._rate = limits.parse(rate)
        try:
            storage = storage_from_string(
                storage_uri,
                wrap_exceptions=True,
                implementation="redispy",  # this and what follows are for Redis; memory has no options
                socket_timeout=_REDIS_TIMEOUT_S,
                socket_connect_timeout=_REDIS_TIMEOUT_S,
            )
        except (limits.errors.ConfigurationError, ValueError) as error:
            raise ConfigurationError(f"the rate limit's storage cannot be used: {error}") from None
        if not isinstance(storage, Storage):
            raise ConfigurationError("the rate limit's storage must be an asynchronous one (async+...)")
        self._storage = storage
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    async def __call__(self, exchange: Exchange) -> None:
        """Take one call from the caller's allowance.

        Raises:
            ResourceExhausted: the allowance is used up; says when to come back.
            Unavailable: the count cannot be read.
        """
        subject = exchange.call.caller.subject
        try:
            if await self._limiter.hit(self._rate, subject):
                return
            window = await self._limiter.get_window_stats(self._rate, subject)
        except StorageError as error:
            _log.error("rate limit storage failed", reason=str(error.storage_error))
            raise Unavailable("the rate limit cannot be checked now; try again", retry_after_s=1) from None
        wait_s = max(0.0, window.reset_time - time.time())
        raise ResourceExhausted(f"too many calls; at most {self._rate} for one caller", retry_after_s=wait_s)

    async def close(self) -> None:
        """Close the connections to the store."""
        if isinstance(self._storage, RedisStorage) and isinstance(self._storage.bridge, RedispyBridge):
            client: Any = self._storage.bridge.get_connection()  # redis.asyncio.Redis, under a narrower type
            await client.aclose()
