"""What is in the cache, whichever cache it is."""

import time
from collections.abc import Callable

from django.core.cache import cache


def names() -> list[str]:
    """The names of everything in the cache, as the cache keeps them."""
    return sorted(_by_cache(lambda local: list(local._cache), _names_in_redis))


def everything() -> str:
    """All names and contents in the cache, as text to look things up in."""
    return _by_cache(
        lambda local: repr(local._cache),
        lambda redis: repr([(name, redis.get(name)) for name in _names_in_redis(redis)]),
    )


def seconds_left() -> list[float]:
    """For how long each entry will stay; infinity where nothing ends it."""
    return _by_cache(
        lambda local: [
            float("inf") if end is None else end - time.time()
            for end in local._expire_info.values()
        ],
        lambda redis: [_redis_seconds(redis.ttl(name)) for name in _names_in_redis(redis)],
    )


def _by_cache(local: Callable, redis: Callable):
    if hasattr(cache, "_expire_info"):
        return local(cache)
    return redis(cache.client.get_client())


def _names_in_redis(redis) -> list[str]:
    return [name.decode() for name in redis.keys("*")]


def _redis_seconds(ttl: int) -> float:
    return float("inf") if ttl == -1 else ttl
