"""The values that pydantic has no type for: each function reads one, or raises ValueError with what it must be."""

from __future__ import annotations

import base64
import re
from decimal import Decimal, InvalidOperation
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

# What processes are called where they have a key each.
PROCESS_KINDS = ("public", "staff", "worker", "archiver", "command")
ENGINES = {"postgresql+psycopg": "PostgreSQL", "mssql+pyodbc": "SQL Server"}


def engine_of(url: str) -> str | None:
    """The engine that an address in SQLAlchemy's form names, if it is one of ours."""
    return next((engine for name, engine in ENGINES.items() if url.startswith(f"{name}://")), None)


def database_url(raw: str) -> str:
    """The address of a database in SQLAlchemy's form."""
    if engine_of(raw) is None:
        raise ValueError(f"must start with {' or '.join(f'{name}://' for name in ENGINES)}")
    return raw


def web_url(raw: str) -> str:
    """The address of a service."""
    if urlsplit(raw).scheme not in ("http", "https") or not urlsplit(raw).hostname:
        raise ValueError("must be an address that starts with https:// or http://")
    return raw


def issuer_url(raw: str) -> str:
    """The address of an identity provider: encrypted, or on this machine."""
    parts = urlsplit(raw)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
        raise ValueError("must be an address that starts with https://")
    return raw


def object_store_url(raw: str) -> str:
    """A folder or a bucket."""
    if urlsplit(raw).scheme not in ("file", "s3"):
        raise ValueError("must start with file:// or s3://")
    return raw


def listen_address(raw: str) -> str:
    """A host and a port."""
    host, _, port = raw.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise ValueError("must be an address and a port such as 127.0.0.1:9464")
    return raw


def networks(raw: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and networks."""
    try:
        return tuple(ip_network(part.strip()) for part in raw.split(","))
    except ValueError:
        raise ValueError("must be addresses or networks by comma, such as 10.0.0.5 or 10.1.0.0/16") from None


def window(raw: str) -> str:
    """Hours of the day."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", raw) or raw[:5] == raw[6:]:
        raise ValueError("must be two different times of day such as 01:00-05:00")
    return raw


def aes_key(raw: str) -> str:
    """32 bytes as base64."""
    try:
        length = len(base64.b64decode(raw, altchars=b"-_", validate=True))
    except ValueError:
        length = 0
    if length != 32:
        raise ValueError("must be 32 bytes as base64: make one with `openssl rand -base64 32`")
    return raw


def aes_keys(raw: str) -> tuple[str, ...]:
    """Keys of 32 bytes as base64, in the alphabet for addresses that Fernet takes."""
    return tuple(aes_key(part.strip()).translate(str.maketrans("+/", "-_")) for part in raw.split(",") if part.strip())


def public_keys(raw: str) -> tuple[str, ...]:
    """Public keys of 32 bytes as base64, by comma."""
    return tuple(aes_key(part.strip()) for part in raw.split(",") if part.strip())


def event_keys(raw: str) -> tuple[tuple[str, bytes], ...]:
    """Keys by the kind of process that has them."""
    found = []
    for part in raw.split(","):
        kind, _, key = part.strip().partition("=")
        if kind not in PROCESS_KINDS:
            raise ValueError(f"must be keys such as {PROCESS_KINDS[0]}=KEY, of {', '.join(PROCESS_KINDS)}")
        found.append((kind, base64.b64decode(aes_key(key), altchars=b"-_")))
    return tuple(found)


def money(raw: str) -> Decimal:
    """US dollars, 0 or more."""
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise ValueError("must be an amount such as 0.50") from None
    if not value.is_finite() or value < 0:
        raise ValueError("must be an amount of 0 or more")
    return value


def amounts(raw: str) -> tuple[tuple[str, Decimal], ...]:
    """US dollars by name."""
    found = {}
    for part in raw.split(","):
        name, _, amount = part.rpartition("=")
        if not name.strip():
            raise ValueError("must be amounts by model such as gpt-4o=10,gpt-4o-mini=5")
        found[name.strip()] = money(amount.strip())
    return tuple(found.items())
