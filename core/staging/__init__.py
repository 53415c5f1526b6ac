"""The object store where archive batches are staged: a folder or S3, encrypted if the settings have a key.

May import stores and what stores stand on.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from core.staging.contract import ObjectStore
from core.staging.encryption import Sealed, parse_key
from core.staging.folder import Folder
from core.stores import databases


def object_store() -> ObjectStore:
    """The store that STRATA_STAGING_URL names, encrypting if STRATA_STAGING_KEY is set. Raises StagingError."""
    settings = databases.current().settings
    return store_at(settings.staging_url, settings.staging_key)


def audit_store() -> ObjectStore:
    """The store that STRATA_AUDIT_HEADS_URL names, or else the one for staging. Raises StagingError.

    What is kept there is signed, and older than some keys that seal: what is not sealed is read too.
    """
    settings = databases.current().settings
    return store_at(settings.audit_heads_url or settings.staging_url, settings.staging_key, takes_plain=True)


def store_at(address: str, key: str, *, takes_plain: bool = False) -> ObjectStore:
    """The store at an address, encrypting if there is a key. Raises StagingError."""
    url = urlsplit(address)
    store = Folder(Path(unquote(url.path))) if url.scheme == "file" else _s3(url.netloc, url.path.strip("/"))
    return Sealed(store, parse_key(key), takes_plain=takes_plain)


def _s3(bucket: str, prefix: str) -> ObjectStore:
    from core.staging.s3 import S3  # boto3 is not part of every installation

    return S3(bucket, prefix)
