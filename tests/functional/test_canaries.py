"""Words that must not get out: planted in a record, taken through pages, jobs and faults, looked for in every log."""

from __future__ import annotations

import base64
import json
import re
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from redis import Redis
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from core.models import Patient, Role
from core.settings import config
from core.stores import databases
from tests.factories import make_account, make_allergy, make_note, make_patient, make_visit
from tests.functional.conftest import RunningDemo
from tests.functional.hostile_rows import wait_until_replayed

LONG_AGO = datetime(1970, 2, 3, tzinfo=UTC)
CANARIES = {
    "a patient's name": "Kanarienvogel",
    "a national id": "S7654321Q",
    "the text of a note": "zitronengirlitz",
    "a substance": "Bluthaenfling",
    "a password": "gelbe feder im kaefig",
    "a wrong password": "gelbe feder ohne kaefig",
    "a new password": "gruene feder im kaefig",
    "the name of one who is registered": "Gimpelmann",
}


@pytest.fixture
def patient(demo: RunningDemo) -> Patient:
    """With a record that holds canaries, and a clinician whose password is one."""
    databases.configure(config.load(demo.env))
    engine = create_engine(demo.env["STRATA_PRIMARY_URL"])
    with Session(engine, expire_on_commit=False) as session:
        patient = make_patient(session, name=CANARIES["a patient's name"], national_id=CANARIES["a national id"])
        for day in (LONG_AGO, datetime.now(UTC)):
            make_note(session, make_visit(session, patient, started_at=day), CANARIES["the text of a note"])
        make_allergy(session, patient, substance=CANARIES["a substance"])
        make_account(session, username="keeper", password=CANARIES["a password"], role=Role.CLINICIAN)
        session.commit()
    engine.dispose()
    wait_until_replayed(demo.env["STRATA_PRIMARY_URL"], demo.env["STRATA_REPLICA_URL"])
    demo.passwords["keeper"] = CANARIES["a password"]
    return patient


@contextmanager
def refused_by(url: str, table: str, condition: str) -> Iterator[None]:
    """A server that takes no row of a kind, and says so with the row, as servers do."""
    engine = create_engine(url)

    def run(sql: str) -> None:
        with engine.begin() as connection:
            connection.execute(text(sql))

    run(f"ALTER TABLE {table} ADD CONSTRAINT canary CHECK (NOT ({condition})) NOT VALID")
    try:
        yield
    finally:
        run(f"ALTER TABLE {table} DROP CONSTRAINT canary")
        engine.dispose()


def unforeseen(column: str, what: str) -> str:
    """A condition that fails as no code foresees, where the column holds this canary."""
    return f"1 / (CASE WHEN {column} = '{CANARIES[what]}' THEN 0 ELSE 1 END) = 0"


def logs(demo: RunningDemo) -> Iterator[tuple[str, str]]:
    """Everything that the demo's programs and servers have written beside their data."""
    yield "what the demo printed", (demo.data_dir.parent / "out").read_text(errors="replace")
    for path in sorted((demo.data_dir / "logs").rglob("*")):
        yield path.name, path.read_text(errors="replace")


def kept_in_redis(demo: RunningDemo) -> Iterator[tuple[str, str]]:
    """Every key and value, a job's packed result unpacked."""
    with Redis.from_url(demo.env["STRATA_REDIS_URL"]) as redis:
        for key in redis.scan_iter(count=1000):
            yield key.decode(errors="replace"), _value(redis, key).decode("latin-1")


def _value(redis: Any, key: bytes) -> bytes:
    read = {
        b"string": lambda: [redis.get(key)],
        b"hash": lambda: [part for pair in redis.hgetall(key).items() for part in pair],
        b"list": lambda: redis.lrange(key, 0, -1),
        b"set": lambda: redis.smembers(key),
        b"zset": lambda: redis.zrange(key, 0, -1),
        b"stream": lambda: [part for _, entry in redis.xrange(key) for pair in entry.items() for part in pair],
        b"none": list,
    }[redis.type(key)]
    return b"\n".join(_unpacked(part) for part in read() if part)


def _unpacked(part: bytes) -> bytes:
    """RQ keeps why a job failed compressed, in a result in base64 besides."""
    for unpack in (zlib.decompress, lambda packed: zlib.decompress(base64.b64decode(packed))):
        with suppress(zlib.error, ValueError):
            return part + b"\n" + unpack(part)
    return part


def look(page: Page, demo: RunningDemo, patient: Patient) -> None:
    for words in (CANARIES["a patient's name"], CANARIES["a national id"]):
        page.goto(f"{demo.staff_url}/patients?q={words}")
        expect(page.get_by_role("link", name=patient.name)).to_be_visible()
    for path in ("", "/history", "/history?kind=visits", "/results/999999", "/visits/999999"):
        page.goto(f"{demo.staff_url}/patients/{patient.id}{path}")


def mistype_the_password(page: Page, demo: RunningDemo) -> None:
    page.goto(f"{demo.staff_url}/account")
    page.get_by_label("Present password").fill(CANARIES["a wrong password"])
    for label in ("New password", "New password again"):
        page.get_by_label(label, exact=True).fill(CANARIES["a new password"])
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_be_visible()


def fail_to_register(page: Page, demo: RunningDemo) -> None:
    """Two faults with what was typed in the statement or in the server's answer: one foreseen, one not."""
    name = CANARIES["the name of one who is registered"]
    faults = {
        f"name = '{name}'": "There is a problem",
        unforeseen("name", "the name of one who is registered"): "Something went wrong on our side",
    }
    for condition, heading in faults.items():
        with refused_by(demo.env["STRATA_PRIMARY_URL"], "patient", condition):
            page.goto(f"{demo.staff_url}/patients/new")
            page.get_by_label("Full name").fill(name)
            page.get_by_label("Sex").select_option("female")
            page.get_by_label("Birth date").fill("1961-03-14")
            page.get_by_role("button", name="Register").click()
            expect(page.get_by_role("heading", name=heading)).to_be_visible()


def ask_for_a_report(page: Page, demo: RunningDemo, patient: Patient) -> None:
    """The worker first meets a fault of the database; then the report is made, and shown."""
    url = demo.env["STRATA_PRIMARY_URL"]
    with refused_by(url, "evidence", f"fields::text LIKE '%{CANARIES['the text of a note']}%'"):
        page.goto(f"{demo.staff_url}/patients/{patient.id}")
        page.get_by_role("button", name="Request a summary report").click()
        wait_for(url, "SELECT FROM outbox_message WHERE task LIKE '%draft_report' AND enqueued_at IS NULL")
    expect(page.get_by_role("link", name=re.compile("Review the summary"))).to_be_visible(timeout=120_000)
    page.get_by_role("link", name=re.compile("Review the summary")).click()
    expect(page.get_by_role("heading", name=re.compile("Summary report"))).to_be_visible()
    page.get_by_role("link", name="How it was made").click()


def archive(page: Page, demo: RunningDemo) -> list[tuple[str, str]]:
    """A step fails on the note; an admin, who reads no record, looks why. Then the run goes on."""
    said = []
    with refused_by(demo.env["STRATA_ARCHIVE_VISITS_URL"], "note", unforeseen("text", "the text of a note")):
        failed = demo.strata("archive", "run", "--type", "visit", "--as-of", "1971-01-01", "--json")
    assert failed.returncode == 1
    run_id = json.loads(failed.stdout)["run_id"]
    for path in ("archive", f"archive/runs/{run_id}"):
        page.goto(f"{demo.staff_url}/{path}")
        said.append((path, page.content()))
    page.locator("[id^=batch-]").first.click()
    expect(page.get_by_role("heading", name=re.compile("^Batch 1"))).to_be_visible()
    said.append(("the batch", page.content()))
    redriven = demo.strata("archive", "redrive", "--run", str(run_id))
    assert redriven.returncode == 0, redriven.stderr
    return [*said, ("the command", failed.stdout + failed.stderr + redriven.stdout + redriven.stderr)]


def wait_for(url: str, query: str) -> None:
    """Until the query finds a row."""
    engine = create_engine(url)
    for _attempt in range(240):
        with engine.connect() as connection:
            if connection.execute(text(query)).first() is not None:
                break
        time.sleep(0.25)
    else:
        raise AssertionError(f"nothing came of {query}")
    engine.dispose()


@pytest.mark.timeout(400)
def test_no_canary_gets_out(demo: RunningDemo, sign_in: Callable[..., Page], patient: Patient) -> None:
    refused: list[tuple[str, str]] = []
    page, admin = sign_in("keeper"), sign_in("admin")
    page.on("response", lambda reply: refused.append((f"a page of {reply.status}", reply.text()))
            if reply.status in (404, 500, 503) else None)  # fmt: skip
    cookies = [cookie for opened in (page, admin) for cookie in opened.context.cookies()]
    tokens = [cookie["value"] for cookie in cookies if cookie["name"] == "__Host-strata_staff"]
    look(page, demo, patient)
    mistype_the_password(page, demo)
    fail_to_register(page, demo)
    ask_for_a_report(page, demo, patient)
    shown = archive(admin, demo)
    look(page, demo, patient)
    for path in ("healthz", "readyz", "metrics"):
        page.goto(f"{demo.staff_url}/{path}")
        shown.append((path, page.content()))
    words = {**CANARIES, **{f"session token {number}": token for number, token in enumerate(tokens)}}
    places = [*logs(demo), *kept_in_redis(demo), *shown, *refused]
    assert len(tokens) == 2
    assert len(refused) > 2
    assert found_in(places, words) == set()


def found_in(places: list[tuple[str, str]], words: dict[str, str]) -> set[str]:
    """Which canaries stand in which places, with what is beside them there."""
    return {
        f"{what} in {place}: {said[max(0, said.find(word) - 200) : said.find(word) + 40]!r}"
        for place, said in places
        for what, word in words.items()
        if word in said
    }
