"""Free text of a record stands where htmx does nothing, whatever it is: autoescaping is not the only fence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[3] / "templates"
# What writes a note, a claim or the words of a source row, by the container that it stands in.
CONTAINERS = {
    "public/reports/show.html": ['<ul class="statements"'],
    "public/visits/show.html": ['<div class="prose"'],
    "shared/timeline/_year.html": ['<p class="small prose"'],
    "staff/visits/show.html": ['<div class="written"'],
    "staff/patients/_outside.html": ['<div class="written"'],
    "staff/reports/_sources.html": ['<dl class="facts"'],
    "staff/reports/_omissions.html": ['<ul class="plain"'],
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_free_text_stands_where_htmx_does_nothing(name: str) -> None:
    text = (TEMPLATES / name).read_text()
    for start in CONTAINERS[name]:
        tags = re.findall(re.escape(start) + r"[^>]*>", text)
        assert tags
        assert all(tag.endswith(" hx-disable>") for tag in tags)


def test_no_other_container_of_long_text_is_without() -> None:
    for path in TEMPLATES.rglob("*.html"):
        for tag in re.findall(r'<(?:div|ul|article|p) class="(?:prose|written|statements)"[^>]*>', path.read_text()):
            assert " hx-disable" in tag, path.name


def test_nothing_switches_escaping_off() -> None:
    for path in TEMPLATES.rglob("*.html"):
        assert not re.search(r"\|\s*safe\b|autoescape false", path.read_text()), path.name
