"""The files of notes (PDF, images) in the object store, by patient and hash; the note's row names each.

They stay where they are when the note's row is archived. They are sealed with a key of their own, which portals have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from core.staging import store_at
from core.staging.contract import ObjectStore, StagedAltered
from core.stores import databases

BYTES_MAX = 10 << 20
# What is kept, by what its content begins with, never by what it is said to be.
MAGIC = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


class Attachment(NamedTuple):
    """A kept file of a note; `size` is in bytes, `content_hash` SHA-256 as lower-case hex."""

    title: str
    media: str
    size: int
    content_hash: str


def media_of(content: bytes) -> str | None:
    """The media type that a content shows; None if it is none that is kept."""
    return next((media for start, media in MAGIC if content.startswith(start)), None)


def named_in(parts: Any) -> tuple[Attachment, ...]:
    """The kept files among the attachments that a note's `said` names; the others are titles alone."""
    return tuple(Attachment(*one) for one in parts or () if isinstance(one, list))


def titles_in(parts: Any) -> tuple[str, ...]:
    """The attachments of a note that are not kept, as told."""
    return tuple(one for one in parts or () if isinstance(one, str))


def keep(patient_id: int, paths: Iterable[Path]) -> None:
    """Put files, each named by its hash, into the object store. To do so again changes nothing. Raises StagingError."""
    store = _store()
    for path in paths:
        with store.create(_key(patient_id, path.name)) as kept:
            kept.write(path.read_bytes())


def read(patient_id: int, attachment: Attachment) -> bytes:
    """A file's content, which is what was kept. Raises StagingError."""
    with _store().open(_key(patient_id, attachment.content_hash)) as file:
        content = file.read(BYTES_MAX + 1)
    if hashlib.sha256(content).hexdigest() != attachment.content_hash or media_of(content) != attachment.media:
        raise StagedAltered(f"a file of patient {patient_id} is not what was kept: import its document again")
    return content


def forget(patient_id: int) -> None:
    """Remove all files of a patient. Raises StagingError."""
    _store().delete(f"{_folder(patient_id)}/")


def _store() -> ObjectStore:
    settings = databases.current().settings
    return store_at(settings.attachments_url or settings.staging_url, settings.attachments_key)


def _folder(patient_id: int) -> str:
    return f"attachments/{patient_id}"


def _key(patient_id: int, content_hash: str) -> str:
    return f"{_folder(patient_id)}/{content_hash}"
