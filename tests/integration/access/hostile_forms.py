"""Forms as no browser sends them: hostile values, names, encodings and shapes; and which fields a portal reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, quote_plus

ROOT = Path(__file__).parents[3]
READ = re.compile(
    r"request\.(?:form|args)(?:\.get|\.getlist)?[(\[]\s*\"(\w+)\"|\"(\w+)\" (?:not )?in request\.(?:form|args)"
)
FIELD = re.compile(r"^    (\w+) = \w*(?:[Ff]ield|FieldList)\w*\(", re.MULTILINE)
PARTS = "multipart/form-data; boundary=b"
URLENCODED = "application/x-www-form-urlencoded"

# As bytes, for a form may hold bytes that are no text.
VALUES: tuple[bytes, ...] = tuple(
    value if isinstance(value, bytes) else value.encode()
    for value in (
        "", " ", "\0", "a\0b", b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\xaf", "x" * 20_000, "9" * 5_000, "-1", "0",
        "1e309", "NaN", "-Infinity", "²", "٣", "1_000", "0x10", str(2**63), str(-(2**63) - 1), str(2**31),
        "0001-01-01", "0001-01-01T00:00",
        "9999-12-31", "9999-12-31T23:59", "2026-02-30", "10000-01-01", "1000-00-00", "\u202e\u2066gnp.exe",
        "\u200b\u200d", "\ufeff", "🩺" * 900, "a\r\nSet-Cookie: a=b", "' OR 1=1--", "{{7*7}}%s%n{0}",
        "../../etc/passwd", '{"a": [1]}', "[]", "null", "true", "//evil.example",
        "observation:1", "observation:²", "visit:" + "9" * 30, "\N{COMBINING ACUTE ACCENT}" * 300,
    )
)  # fmt: skip
# Names that a list of fields takes apart.
NAMES = ("observations-²-value", f"observations-{'9' * 5_000}-value", "observations--1-value", "prescriptions-0-", "-",
         "", "\0", "__class__", "csrf_token", "name[]", "name.x", "a" * 9_000)  # fmt: skip


def names_read(portal: str) -> tuple[str, ...]:
    """Every name of a field that a portal's code reads."""
    files = [*(ROOT / f"{portal}_app").rglob("*.py"), *(ROOT / "core/web").rglob("*.py")]
    code = "\n".join(file.read_text() for file in files)
    found = {one or other for one, other in READ.findall(code)} | set(FIELD.findall(code))
    return tuple(sorted(found))


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._fields: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        if tag == "form" and have.get("method") == "post":
            self._fields = self.found.setdefault(have.get("action", "").split("?")[0], {})
        elif self._fields is not None and tag in ("input", "textarea", "select", "button") and have.get("name"):
            self._fields.setdefault(have["name"], have.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None


def forms_in(page: str) -> dict[str, dict[str, str]]:
    """The fields of each form of a page that posts, with their values, by its address."""
    parser = _Forms()
    parser.feed(page)
    return parser.found


def urlencoded(fields: Iterable[tuple[str, bytes]]) -> bytes:
    return "&".join(f"{quote_plus(name)}={quote_from_bytes(value)}" for name, value in fields).encode()


def _of(body: bytes, content_type: str = URLENCODED) -> dict[str, Any]:
    return {"data": body, "content_type": content_type}


# The same form in shapes that no page of ours sends, as the client's `post` takes them.
SHAPES: tuple[Callable[[Mapping[str, bytes]], dict[str, Any]], ...] = (
    lambda fields: _of(urlencoded([*fields.items()] * 20)),
    lambda fields: _of(urlencoded((f"{name}[]", value) for name, value in fields.items())),
    lambda fields: _of(urlencoded((name, b"1") for name in (*fields, *NAMES))),
    lambda fields: _of(b"&=&%zz=%&;=;&a"),
    lambda fields: _of(urlencoded(fields.items()).decode().encode("utf-16"), f"{URLENCODED}; charset=utf-16"),
    lambda fields: _of(b'{"name": ["x", {}], "reason": null}', "application/json"),
    lambda fields: _of(b"\x00\x01", "multipart/form-data"),
    lambda fields: _of(b'--b\r\nContent-Disposition: form-data; name="reason"\r\n\r\nx', PARTS),
    lambda fields: _of(_files([*fields.items()]), PARTS),
)


def _files(listed: list[tuple[str, bytes]]) -> bytes:
    """Each field as a file, of a name that leads elsewhere."""
    head = b'--b\r\nContent-Disposition: form-data; name="%s"; filename="../../x\x00.php"\r\n'
    parts = b"".join(
        head % name.encode() + b"Content-Type: text/html\r\n\r\n" + value + b"\r\n" for name, value in listed
    )
    return parts + b"--b--\r\n"
