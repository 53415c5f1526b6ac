"""Reading what was downloaded."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

from pypdf import PdfReader


def pages_of(data: bytes) -> list[str]:
    """The text of each page of a PDF, in one line."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(data)).pages]


def tables_of(data: bytes) -> dict[str, list[dict[str, str]]]:
    """The tables of a ZIP of CSV files, each by its name."""
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        names = [name for name in pack.namelist() if name.endswith(".csv")]
        return {name.removesuffix(".csv"): rows_of(pack.read(name)) for name in names}


def members_of(data: bytes) -> dict[str, bytes]:
    """The members of a ZIP, each by its name."""
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        return {name: pack.read(name) for name in pack.namelist()}


def rows_of(data: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def resources_of(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The resources of a kind in a bundle."""
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def words_of(reply: Any) -> str:
    """All that a reply says, a page or a file."""
    kind = reply.mimetype
    if kind == "application/pdf":
        return " ".join(pages_of(reply.data))
    return str(tables_of(reply.data)) if kind == "application/zip" else str(reply.text)
