"""Redis as a cache: it never has the only copy of anything, and nobody waits long for it."""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.stores import databases

TIMEOUT_SECONDS = 0.3

_clients: dict[str, Redis] = {}


def client() -> Redis:
    """This process's Redis client. It gives up soon, and raises RedisError while Redis is down."""
    url = databases.current().settings.redis_url
    if url not in _clients:
        _clients[url] = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    return _clients[url]
