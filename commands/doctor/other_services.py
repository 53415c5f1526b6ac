"""Checks everything that is not a database: Redis, the staging store, the spool, the model endpoint."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from redis import Redis, RedisError

from commands.doctor.finding import Finding, judge
from core.settings.config import Settings

FREE_MB_MIN = 500
TIMEOUT_SECONDS = 3.0


def examine(settings: Settings) -> Iterator[Finding]:
    yield from _redis(settings.redis_url)
    yield _staging(settings.staging_url)
    yield _folder("spool of access events", Path(settings.spool_dir), "STRATA_SPOOL_DIR")
    yield _model_endpoint(settings.openai_base_url)


def _redis(url: str) -> Iterator[Finding]:
    mend = "start Redis or Valkey, or correct STRATA_REDIS_URL"
    try:
        with Redis.from_url(
            url, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS, decode_responses=True
        ) as redis:
            redis.ping()
            facts: dict[str, Any] = redis.info()
    except (RedisError, ValueError) as fault:
        yield Finding("redis", False, str(fault).splitlines()[0], mend)
        return
    server = f"Valkey {facts['valkey_version']}" if "valkey_version" in facts else f"Redis {facts['redis_version']}"
    yield Finding("redis", True, server)
    durable = facts.get("aof_enabled") == 1
    detail = (
        "append-only file is on"
        if durable
        else "append-only file is off: queued jobs wait for redelivery after a crash"
    )
    yield judge("redis: durability", durable, detail, "set `appendonly yes`")
    policy = facts.get("maxmemory_policy", "noeviction")
    yield judge(
        "redis: memory", policy == "noeviction", f"maxmemory-policy {policy}", "set `maxmemory-policy noeviction`"
    )


def _staging(url: str) -> Finding:
    parts = urlsplit(url)
    if parts.scheme != "file":
        return Finding("staging", True, f"{url} (not looked into)")
    return _folder("staging", Path(url2pathname(parts.path)), "STRATA_STAGING_URL")


def _folder(subject: str, folder: Path, variable: str) -> Finding:
    mend = f"make it writable for this account, or choose another folder with {variable}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"strata")
    except OSError as fault:
        return Finding(subject, False, f"{folder}: {fault.strerror}", mend)
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    return judge(subject, free_mb >= FREE_MB_MIN, f"{folder}, {free_mb} MB free", "free some space on that disk")


def _model_endpoint(url: str) -> Finding:
    """Whether something listens at the address. A real question would cost money."""
    subject = "model endpoint"
    if not url:
        return Finding(subject, True, "the provider's own address (OPENAI_BASE_URL is not set)")
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=TIMEOUT_SECONDS):
            return Finding(subject, True, f"{parts.hostname}:{port} answers")
    except OSError as fault:
        return Finding(subject, False, f"{parts.hostname}:{port}: {fault}", "start it, or correct OPENAI_BASE_URL")
