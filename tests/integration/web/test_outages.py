"""One server down: pages go on, looks are recorded all the same, typed text survives (G3, G9, G11)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, request
from sqlalchemy import text

from core.access.permissions import Right
from core.audit import spool
from core.models import Patient
from core.stores import databases
from core.stores.outage import primary
from core.web.access import requires
from core.web.page_sessions import page_session, write_session
from tests.audit_events import chain_faults
from tests.factories import make_condition
from tests.integration.web.conftest import Browser, events
from tests.tiers import Tiers

PAGES = ("/history", "/results", "/record", "/history?kind=reports", "/privacy")


@pytest.fixture
def app(app: Any) -> Any:
    """The portal, with a page that writes: this portal has none of its own yet."""
    bp = Blueprint("writing", __name__)

    @bp.post("/writing")
    @requires(Right.OWN_RECORD_READ)
    def write() -> str:
        with write_session() as session:
            session.execute(text("UPDATE patient SET phone = :phone"), {"phone": request.form["phone"]})
        return "saved"

    @bp.get("/reading")
    @requires(Right.OWN_RECORD_READ)
    def read() -> str:
        with page_session() as session:
            return f"{session.info['store']}: {session.scalar(text('SELECT phone FROM patient'))}"

    app.register_blueprint(bp)
    return app


def test_an_own_write_is_read_back_at_any_lag(signed_in: Browser, tiers: Tiers, sync_replica: Any) -> None:
    sync_replica()
    signed_in.get("/reading")
    tiers.replica.pause_replay()
    assert signed_in.post("/writing", {"phone": "8123 4567"}, page="/history").text == "saved"
    assert signed_in.get("/reading").text == "hot: 8123 4567"
    tiers.of["valkey"].stop()
    assert signed_in.get("/reading").text == "hot: 8123 4567"


@pytest.mark.usefixtures("patient")
def test_a_write_that_redis_never_heard_of_is_read_back_when_redis_returns(
    signed_in: Browser, tiers: Tiers, sync_replica: Any
) -> None:
    sync_replica()
    signed_in.get("/reading")
    tiers.replica.pause_replay()
    tiers.of["valkey"].stop()
    assert signed_in.post("/writing", {"phone": "8123 4567"}, page="/history").text == "saved"
    tiers.of["valkey"].start()
    assert signed_in.get("/reading").text == "hot: 8123 4567"


@pytest.mark.usefixtures("patient")
def test_reads_never_go_back_in_time(signed_in: Browser, tiers: Tiers, sync_replica: Any) -> None:
    """What an account has seen on the primary it goes on seeing, though another account wrote it."""
    sync_replica()
    signed_in.get("/reading")
    tiers.replica.pause_replay()
    with databases.write() as session:
        session.execute(text("UPDATE patient SET phone = '2'"))
    tiers.of["valkey"].stop()
    assert signed_in.get("/reading").text == "hot: 2"
    tiers.of["valkey"].start()
    assert signed_in.get("/reading").text == "hot: 2"


def test_redis_down_pages_go_on(signed_in: Browser, tiers: Tiers) -> None:
    tiers.of["valkey"].stop()
    for path in PAGES:
        assert signed_in.get(path).status_code == 200, path


def test_redis_down_one_can_sign_in_and_out(browser: Browser, tiers: Tiers, account: Any) -> None:
    tiers.of["valkey"].stop()
    assert browser.sign_in(account).status_code == 303
    assert browser.get("/history").status_code == 200
    browser.post("/sign-out", page="/history")
    assert browser.get("/history").status_code == 303


@pytest.mark.parametrize("server", ["replica", "visits"])
def test_replica_or_archive_down_pages_go_on(signed_in: Browser, tiers: Tiers, server: str) -> None:
    tiers.of[server].stop("immediate")
    for path in PAGES:
        assert signed_in.get(path).status_code == 200, path


@pytest.mark.parametrize("redis_is_up", [True, False])
def test_primary_down_reads_go_on_and_looks_wait_in_the_spool(
    signed_in: Browser, tiers: Tiers, patient: Patient, sync_replica: Any, redis_is_up: bool
) -> None:
    with databases.write() as session:
        make_condition(session, patient)
    sync_replica()
    if not redis_is_up:
        tiers.of["valkey"].stop()
    tiers.of["primary"].stop("immediate")
    page = signed_in.get("/record")
    assert page.status_code == 200
    assert "Type 2 diabetes" in page.text
    signed_in.get("/history")
    assert spool.waiting() == 1
    tiers.of["primary"].start()
    primary.answered()
    assert joined() == 2
    assert joined() == 0
    assert spool.waiting() == 0
    looks = events("record.read", "history.read")
    assert [(item.action, item.patient_id) for item in looks] == [
        ("record.read", patient.id),
        ("history.read", patient.id),
    ]
    assert chain_faults(looks[0].writer) == []


def test_the_next_look_after_an_outage_joins_the_spool(signed_in: Browser, tiers: Tiers, sync_replica: Any) -> None:
    sync_replica()
    tiers.of["primary"].stop("immediate")
    signed_in.get("/record")
    tiers.of["primary"].start()
    primary.answered()
    signed_in.get("/history")
    assert len(events("record.read")) == 1


def test_primary_down_one_can_sign_out(signed_in: Browser, tiers: Tiers, sync_replica: Any) -> None:
    sync_replica()
    token = signed_in.cookie()
    form = signed_in.get("/history").text.split('name="csrf_token" value="')[1].split('"')[0]
    tiers.of["primary"].stop("immediate")
    reply = signed_in.client.post("/sign-out", base_url="https://portal.localhost", data={"csrf_token": form},
                                  headers={"Referer": "https://portal.localhost/"})  # fmt: skip
    assert reply.headers["Location"] == "/sign-in"
    assert "You have signed out" in signed_in.get("/sign-in").text
    signed_in.client.set_cookie("__Host-strata_public", token or "", domain="portal.localhost")
    assert signed_in.get("/history").status_code == 303


def joined() -> int:
    with databases.write() as session:
        return spool.drain(session)


def test_no_look_without_a_record_of_it(signed_in: Browser, tiers: Tiers, database: Any, sync_replica: Any) -> None:
    from pathlib import Path

    sync_replica()
    Path(database.spool_dir).parent.mkdir(exist_ok=True)
    Path(database.spool_dir).write_text("a file where the folder should be")
    tiers.of["primary"].stop("immediate")
    reply = signed_in.get("/record")
    Path(database.spool_dir).unlink()
    assert reply.status_code == 500
    assert "Tan Mei Ling</dd>" not in reply.text


def test_a_write_that_can_not_be_made_gives_back_what_was_typed(
    signed_in: Browser, tiers: Tiers, sync_replica: Any
) -> None:
    sync_replica()
    page = signed_in.get("/history").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    tiers.of["primary"].stop("immediate")
    fields = {"csrf_token": token, "phone": "8123 <4567>", "password": "hush"}
    headers = {"Referer": "https://portal.localhost/history"}
    reply = signed_in.client.post("/writing", base_url="https://portal.localhost", data=fields, headers=headers)
    assert reply.status_code == 503
    assert "8123 &lt;4567&gt;</textarea>" in reply.text
    assert "hush" not in reply.text
    by_htmx = signed_in.client.post(
        "/writing", base_url="https://portal.localhost", data=fields, headers={**headers, "HX-Request": "true"}
    )
    assert (by_htmx.status_code, by_htmx.headers["HX-Retarget"]) == (503, "#notices")
    assert "<html" not in by_htmx.text
