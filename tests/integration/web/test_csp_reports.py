"""What browsers report of pages' content security policies is counted, and nothing of it is believed or kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.models import utc_now
from core.stores import policy_violations, redis
from core.web.csp_reports import BYTES_MAX, NEWER, OLDER
from tests.integration.web.conftest import HOST, Browser

PAGE = "https://portal.localhost/reports/7?secret=S1234567D"
BLOCKED = "https://evil.example/S1234567D"
OLD = {"csp-report": {"document-uri": PAGE, "effective-directive": "script-src-elem", "blocked-uri": BLOCKED}}
NEW = [
    {"type": "csp-violation", "url": PAGE, "user_agent": "S1234567D",
     "body": {"documentURL": PAGE, "effectiveDirective": directive, "blockedURL": "inline", "sample": "S1234567D"}}
    for directive in ("style-src-attr", "S1234567D")
]  # fmt: skip


def send(browser: Browser, body: Any, kind: str, **options: Any) -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = browser.client.post("/csp-reports", data=data, base_url=HOST, content_type=kind, **options)
    return int(reply.status_code)


def counted() -> dict[tuple[str, str], int]:
    found = policy_violations.counts(redis.client(), utc_now())
    assert found is not None
    return dict(found)


def test_each_page_says_where_to_report(browser: Browser) -> None:
    headers = browser.get("/sign-in").headers
    assert headers["Content-Security-Policy"].endswith("; report-uri /csp-reports; report-to csp")
    assert headers["Reporting-Endpoints"] == 'csp="/csp-reports"'


def test_both_kinds_of_report_are_counted_by_directive(browser: Browser) -> None:
    assert send(browser, OLD, OLDER) == 204
    assert send(browser, NEW, NEWER) == 204
    assert counted() == {("public", "script-src-elem"): 1, ("public", "style-src-attr"): 1, ("public", "other"): 1}


def test_nothing_that_names_anybody_is_kept(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    send(browser, OLD, OLDER)
    send(browser, NEW, NEWER)
    said = [record.getMessage() for record in caplog.records]
    assert [line for line in said if "policy forbids" in line] == [
        "a page of public tried what its policy forbids: script-src-elem, an address",
        "a page of public tried what its policy forbids: style-src-attr, inline",
        "a page of public tried what its policy forbids: other, inline",
    ]
    client = redis.client()
    kept = {key: client.hgetall(key) for key in client.scan_iter("*")}
    assert "1234567" not in f"{said} {kept}"
    assert "portal.localhost" not in str(kept)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", OLDER, 400), (b"[" * 15_000, NEWER, 400), ([], OLDER, 204), ({}, OLDER, 400), ([1], NEWER, 400),
        (["x"], NEWER, 400), ({"csp-report": 1}, OLDER, 400), ({"csp-report": {}}, OLDER, 204),
        ({"csp-report": {"effective-directive": ["script-src"]}}, OLDER, 204), (b"\xff\xfe", OLDER, 400),
        (OLD, "application/json", 415), (OLD, "text/plain", 415), (b" " * (BYTES_MAX + 1), OLDER, 413),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(browser: Browser, body: Any, kind: str, status: int) -> None:
    assert send(browser, body, kind) == status
    assert set(counted()) <= {("public", "other")}


def test_a_body_counts_for_so_many_reports_at_most(browser: Browser) -> None:
    assert send(browser, [{"body": {}}] * 200, NEWER) == 204
    assert counted() == {("public", "other"): 20}


def test_a_sender_of_many_is_stopped_and_no_other(browser: Browser) -> None:
    statuses = [send(browser, OLD, OLDER) for _ in range(25)]
    assert statuses[:20] == [204] * 20
    assert statuses[-1] == 429
    assert send(browser, OLD, OLDER, environ_base={"REMOTE_ADDR": "203.0.113.9"}) == 204


def test_reports_need_no_token_and_keep_no_sign_in_alive(signed_in: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr("core.access.sign_ins.SignIns.find", lambda self, token, **_: looked.append(token))
    assert send(signed_in, OLD, OLDER) == 204
    assert looked == []
