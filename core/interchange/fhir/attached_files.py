"""The files inside documents and reports: kept if their content shows such a kind, else told by their titles."""

from __future__ import annotations

import base64
import binascii
import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.interchange.fhir.bundles import dig
from core.interchange.fhir.entry import Entry
from core.interchange.source_values import BadValue, storable
from core.staging.attachments import BYTES_MAX, Attachment, media_of

# What contents begin with, base64 as it is: their type by what they are, not by what they are called.
SNIFFED = (
    ("JVBERi", "application/pdf"), ("e1xydGY", "text/rtf"), ("iVBORw0KGgo", "image/png"), ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"), ("UEsDB", "application/zip"), ("SUkqA", "image/tiff"), ("TU0AK", "image/tiff"),
    ("H4sI", "application/gzip"), ("PD94bWw", "application/xml"), ("PENsaW5pY2FsRG9jdW1lbnQ", "application/xml"),
)  # fmt: skip
NO_TITLE = "without a title"
TITLE_CHARS_MAX, FILES_MAX = 200, 20
# Lines of base64 may be short.
CODED_CHARS_MAX = BYTES_MAX * 3 // 2


MISSPELT = {"plain/text": "text/plain", "text": "text/plain", "plain": "text/plain", "text/txt": "text/plain"}


def media(attachment: Any, markup: tuple[str, ...]) -> str:
    """The type of an attachment: what its content shows, else what it says."""
    told = str(dig(attachment, "contentType") or "text/plain").split(";", 1)[0].strip().lower()
    told = MISSPELT.get(told, told)
    data = dig(attachment, "data")
    begin = data.lstrip()[:24] if isinstance(data, str) else ""
    shown = next((kind for start, kind in SNIFFED if begin.startswith(start)), None)
    # XHTML may begin as XML does.
    return told if shown is None or (shown == "application/xml" and told in markup) else shown


def filled(entry: Entry, attachment: Any) -> Any:
    """An attachment with the content of the Binary that it names, where that came along."""
    if dig(attachment, "data") is not None or not dig(attachment, "url"):
        return attachment
    inside = None
    with suppress(BadValue):
        inside = entry.resolver.content({"reference": attachment["url"]})
    if dig(inside, "data") is None:
        return attachment
    return {**attachment, "contentType": attachment.get("contentType") or dig(inside, "contentType"),
            "data": dig(inside, "data")}  # fmt: skip


def take(entry: Entry, attachments: list[Any], markup: tuple[str, ...]) -> list[Attachment | str]:
    """Each attachment as it is kept; of one that is not, title, type and why."""
    kept: list[Attachment | str] = []
    for one in attachments:
        content = _content(dig(one, "data")) if len(kept) < FILES_MAX else None
        shown = media_of(content) if isinstance(content, bytes) else None
        if shown is None or not isinstance(content, bytes):
            why = f" ({content})" if isinstance(content, str) else ""
            kept.append(f"{_title(one)}, {media(one, markup)[:60]}{why}")
            continue
        name = hashlib.sha256(content).hexdigest()
        kept.append(Attachment(_title(one), shown, len(content), name))
        _put_down(entry, name, content)
    return list(dict.fromkeys(kept))


def _title(attachment: Any) -> str:
    title = dig(attachment, "title")
    return storable(title[:TITLE_CHARS_MAX], "title") if isinstance(title, str) and title.strip() else NO_TITLE


def _content(data: Any) -> bytes | str | None:
    """The bytes, or why they are not kept; None without any."""
    if not isinstance(data, str) or not data:
        return None
    if len(data) > CODED_CHARS_MAX:
        return f"longer than {BYTES_MAX >> 20} MB"
    try:
        # Most have no line breaks: no copy is made of them.
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        try:
            content = base64.b64decode("".join(data.split()), validate=True)
        except (binascii.Error, ValueError):
            return "its content is not base64"
    return content if len(content) <= BYTES_MAX else f"longer than {BYTES_MAX >> 20} MB"


def _put_down(entry: Entry, name: str, content: bytes) -> None:
    """Let a content wait on the disk until its note is a row, so that it is in no process's memory."""
    folder = entry.resolver.index.sources.waiting
    if folder is None:
        return
    path = Path(folder, name)
    if not path.exists():
        path.write_bytes(content)
    entry.attached = (*entry.attached, str(path))
