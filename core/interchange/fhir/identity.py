"""Who a resource is: its source, type and id. An id alone says nothing, since every server counts from one."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
OID = re.compile(r"[0-2](?:\.\d+){3,}")
SOURCE_CHARS_MAX = 80
# FHIR allows letters, digits, dots and dashes, 64 at most; some servers write longer ids, and escape what is in them.
_ADDRESS = re.compile(r"https?://(.+?)/([A-Z][A-Za-z]+)/([A-Za-z0-9.\-_%]{1,145})(?:/_history/[^/]*)?", re.IGNORECASE)
_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.\-_%]{1,145})(?:/_history/[^/]*)?")


@dataclass(frozen=True, slots=True)
class Address:
    """A resource's address: the server's base without scheme, empty for a relative one; type and id."""

    base: str
    type: str
    id: str


def address(url: str) -> Address | None:
    """The address that an absolute or relative URL names; None for other URLs."""
    url = url.strip()
    found = _ADDRESS.fullmatch(url)
    if found:
        return Address(found[1].lower().rstrip("/"), found[2], found[3])
    found = _RELATIVE.fullmatch(url)
    return Address("", found[1], found[2]) if found else None


def own(raw: object) -> str | None:
    """A resource's own id; some servers write its whole address there (`Patient/1/_history/2`)."""
    if not isinstance(raw, str) or "/" not in raw:
        return raw if isinstance(raw, str) else None
    found = address(raw)
    return found.id if found is not None else raw


def urn(url: str) -> str | None:
    """The id that a `urn:uuid:` or `urn:oid:` is."""
    for scheme in ("urn:uuid:", "urn:oid:"):
        if url.startswith(scheme) and url != scheme:
            return url.removeprefix(scheme).strip()
    return None


def is_unique(own_id: str) -> bool:
    """Whether an id names one thing in the world: a UUID or an OID. Some files write `urn:uuid:patient-1`."""
    return UUID.fullmatch(own_id) is not None or OID.fullmatch(own_id) is not None


def qualified(source: str, own_id: str) -> str:
    """An id together with its source; without a source it is a UUID, which names one thing in the world."""
    return f"{own_id}@{short(source)}" if source else own_id.lower()


def short(source: str) -> str:
    """A source's name as keys hold it."""
    if len(source) <= SOURCE_CHARS_MAX and "|" not in source:
        return source
    return hashlib.sha256(source.encode()).hexdigest()[:40]
