"""A request that would take seconds to parse is answered before it is parsed."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import request
from werkzeug import formparser

from core.web import request_bounds
from staff_app.visits import create_visit
from tests.integration.web.conftest import FORM_TOKEN, HOST, Browser

FLOOD = "a&" * (request_bounds.LONG_TEXT_BYTES_MAX // 2 - 1)
MANY_FIELDS = "a&" * request_bounds.FIELDS_MAX
URLENCODED = request_bounds.URLENCODED


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes of each form that was really parsed."""
    sizes: list[int] = []
    parse = formparser.parse_qsl

    def counting(text: str, **options: Any) -> Any:
        sizes.append(len(text))
        return parse(text, **options)

    monkeypatch.setattr(formparser, "parse_qsl", counting)
    return sizes


@pytest.mark.parametrize("body", [FLOOD, MANY_FIELDS], ids=["two megabytes", "a thousand fields"])
def test_a_flood_of_fields_is_not_parsed(browser: Browser, parsed: list[int], body: str) -> None:
    reply = browser.client.post("/sign-in", base_url=HOST, data=body, content_type=URLENCODED)
    assert reply.status_code == 413
    assert parsed == []


def test_a_flood_of_parts_is_refused(browser: Browser) -> None:
    fields = {f"a{number}": "" for number in range(request_bounds.FIELDS_MAX + 1)}
    reply = browser.client.post("/sign-in", base_url=HOST, data=fields, content_type="multipart/form-data")
    assert reply.status_code == 413


def test_other_types_are_bounded_too(browser: Browser) -> None:
    for content_type in ("application/json", "text/plain", "application/octet-stream", ""):
        reply = browser.client.post("/sign-in", base_url=HOST, data=FLOOD, content_type=content_type)
        assert reply.status_code == 413, content_type


def test_a_stranger_is_answered_before_a_page_is_made(browser: Browser, signed_in: Browser) -> None:
    def reply(to: Browser) -> Any:
        return to.client.post("/sign-in", base_url=HOST, data=FLOOD, content_type=URLENCODED)

    stranger = browser.client.application.test_client()
    told = reply(Browser(stranger))
    assert (told.status_code, told.text) == (413, "What was sent is too large.\n")
    assert told.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in told.headers["Content-Security-Policy"]
    assert reply(signed_in).status_code == 413
    assert "<html" in reply(signed_in).text


def test_a_form_of_ordinary_size_is_parsed(browser: Browser, parsed: list[int]) -> None:
    browser.client.post("/sign-in", base_url=HOST, data="username=a&password=b", content_type=URLENCODED)
    assert parsed == [len("username=a&password=b")]


def test_only_endpoints_behind_a_sign_in_take_long_texts(app: Any) -> None:
    assert getattr(create_visit, request_bounds.DECLARATION)
    long = [name for name, view in app.view_functions.items() if hasattr(view, request_bounds.DECLARATION)]
    assert long == []


def test_null_characters_vanish_from_addresses_and_forms(signed_in: Browser) -> None:
    """No database takes one, and no browser sends any."""
    with signed_in.client:
        signed_in.client.post("/sign-out?next%00=%2Fa%00", base_url=HOST, data=b"a%00=b%00c", content_type=URLENCODED)
        assert dict(request.args) == {"next": "/a"}
        assert request.form.to_dict() == {"a": "bc"}


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"username": (BytesIO(b"x"), "x.txt"), "password": (BytesIO(b"x"), "x.txt")}},
        {"data": {"username": "nobody", "password": (BytesIO(b"x"), "x.txt")}},
        {"json": {"username": 7, "password": ["x", {}]}},
        {"json": ["username"]},
    ],
)
def test_what_is_no_text_is_left_out_of_a_form(browser: Browser, sent: Any) -> None:
    token = FORM_TOKEN.search(browser.get("/sign-in").text)
    headers = {"Referer": HOST + "/sign-in", "X-CSRFToken": token[1] if token else ""}
    reply = browser.client.post("/sign-in", base_url=HOST, headers=headers, **sent)
    assert reply.status_code == 422
