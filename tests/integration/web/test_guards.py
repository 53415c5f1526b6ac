"""What every request passes: host, headers, rights, forms' tokens, size."""

from __future__ import annotations

import re
from typing import Any

import jinja2
import pytest

from core.access.permissions import Right
from core.stores import replica_watch
from core.web.access import declared, requires
from core.web.portal import CSP_REPORTS
from public_app import create_app
from tests.factories import PASSWORD
from tests.integration.web.conftest import HOST, Browser, events
from tests.tiers import Tiers

PAGES = ("/history", "/results", "/record", "/privacy")


def test_every_endpoint_declares_its_right(app: Any) -> None:
    undeclared = [rule.endpoint for rule in app.url_map.iter_rules() if declared(app, rule.endpoint) is None]
    assert undeclared == []
    opened = {rule.endpoint for rule in app.url_map.iter_rules() if declared(app, rule.endpoint) == frozenset()}
    steps = {"auth.sign_in", "auth.submit", "auth.code", "auth.submit_code", "auth.set_up", "auth.submit_set_up"}
    steps |= {"auth.set_up_code", "auth.submit_set_up_code", "auth.new_password", "auth.submit_new_password"}
    steps |= {"auth.session_state", "auth.stay", "auth.signed_in_again", "auth.submit_passkey"}
    assert opened == {"static", "health.healthz", "health.readyz", "csp_reports.report", "auth.sign_out"} | steps


def test_an_endpoint_without_a_declaration_is_refused(database: Any, account: Any) -> None:
    app = create_app(database)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    app.add_url_rule("/staff-thing", "staff_thing", requires(Right.ARCHIVE_RUN)(lambda: "secret"))
    browser = Browser(app.test_client())
    assert browser.get("/forgotten").status_code == 403
    assert browser.sign_in(account).status_code == 303
    assert browser.get("/forgotten").status_code == 403
    assert browser.get("/staff-thing").status_code == 403
    assert [(event.target, event.outcome) for event in events("page.open")] == [("page:staff_thing", "deny")]


def test_a_signed_out_request_is_sent_to_sign_in(browser: Browser) -> None:
    for path in PAGES:
        reply = browser.get(path)
        assert (reply.status_code, reply.headers["Location"]) == (303, f"/sign-in?next={path}")
        by_htmx = browser.get(path, headers={"HX-Request": "true"})
        assert (by_htmx.status_code, by_htmx.headers["HX-Redirect"]) == (204, "/sign-in")


def test_htmx_goes_on_to_an_address_in_any_script(browser: Browser, account: Any) -> None:
    typed = {"username": account.username, "password": PASSWORD}
    reply = browser.post("/sign-in?next=/%E6%97%A5", typed, headers={"HX-Request": "true"})
    assert (reply.status_code, reply.headers["HX-Redirect"]) == (204, "/%E6%97%A5")


def test_headers_on_each_page(signed_in: Browser) -> None:
    for path in (*PAGES, "/sign-in", "/healthz", "/readyz", "/nothing-here", "/visits/999"):
        headers = signed_in.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert headers["Cache-Control"] == "no-store", path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert headers["X-Request-Id"], path
        assert "Strict-Transport-Security" not in headers, path


def test_with_tls_browsers_are_told_to_keep_to_it(database: Any) -> None:
    browser = Browser(create_app(database.model_copy(update={"plain_http": False})).test_client())
    assert "max-age" in browser.get("/sign-in").headers["Strict-Transport-Security"]


def test_pages_need_no_inline_script_or_style(signed_in: Browser) -> None:
    for path in (*PAGES, "/sign-in"):
        page = signed_in.get(path).text
        assert re.search(r"style=|<style|\bon\w+=", page) is None, path
        assert page.count("<script") == page.count("<script src="), path


def test_static_files_are_kept_for_a_year(browser: Browser) -> None:
    href = browser.get("/sign-in").text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "immutable" in browser.get(href.replace("&amp;", "&")).headers["Cache-Control"]
    assert browser.get("/static/css/strata.css").headers["Cache-Control"] == "no-cache"


def test_plain_text_says_its_encoding(browser: Browser) -> None:
    for path in ("/healthz", "/readyz"):
        assert browser.get(path).headers["Content-Type"] == "text/plain; charset=utf-8"


def test_another_host_name_is_refused(browser: Browser) -> None:
    for host in ("https://evil.example", "https://staff.localhost", "https://portal.localhost.evil.example"):
        assert browser.client.get("/sign-in", base_url=host).status_code == 400
    assert browser.client.get("/healthz", base_url="http://127.0.0.1:8000").status_code == 200
    assert browser.client.get("/readyz", base_url="http://127.0.0.1:8000").status_code == 200


def test_every_form_is_refused_without_its_token(app: Any, signed_in: Browser) -> None:
    posts = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()) and rule.rule != CSP_REPORTS]
    assert posts
    for rule in posts:
        path = rule.rule.replace("<id:passkey_id>", "1")
        reply = signed_in.client.post(path, base_url=HOST, headers={"Referer": HOST + "/history"})
        assert reply.status_code == 400, rule.rule


def test_a_body_that_is_too_large_is_refused(browser: Browser) -> None:
    reply = browser.client.post("/sign-in", base_url=HOST, data={"username": "x" * 3_000_000})
    assert reply.status_code == 413


def test_the_other_portals_templates_are_out_of_reach(app: Any) -> None:
    with pytest.raises(jinja2.TemplateNotFound):
        app.jinja_env.get_template("staff/patients/chart.html")


def test_readiness_tells_anybody_whether_and_nothing_else(browser: Browser, tiers: Tiers) -> None:
    """What is down behind the portal is told on /operations, to whoever may know."""
    assert (browser.get("/readyz").status_code, browser.get("/readyz").text) == (200, "ok\n")
    tiers.of["reports"].stop("immediate")
    assert (browser.get("/readyz").status_code, browser.get("/readyz").text) == (200, "ok\n")
    tiers.replica.stop("immediate")
    replica_watch.forget()
    assert browser.get("/readyz").text == "ok\n"
    tiers.of["primary"].stop("immediate")
    replica_watch.forget()
    assert (browser.get("/readyz").status_code, browser.get("/readyz").text) == (503, "not ok\n")
