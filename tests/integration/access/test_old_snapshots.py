"""Rules of rows hold for whoever kept a snapshot, or a transaction, of before: what they ask is locked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, create_engine, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.models import Account, Check, Citation, Claim, Evidence, Omission, Report, Signature, utc_now
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account, make_patient
from tests.ready_report import ReadyReport, make_ready_report, sign_ready_report

pytestmark = pytest.mark.only_on_postgresql("row-level security; what SQL Server is told is in tests/unit/engines")

WRITERS = (DatabaseRole.WORKER, DatabaseRole.STAFF)
CONTENT = (Evidence, Claim, Citation, Check, Omission)
REFUSED = r"could not serialize access|is signed|row-level security policy"


class Ready(NamedTuple):
    """A report to be signed, and who may."""

    report: ReadyReport
    doctor: Account

    @property
    def id(self) -> int:
        return self.report.id


@pytest.fixture
def ready(database: Settings) -> Ready:
    with databases.write() as session:
        doctor = make_account(session)
        return Ready(make_ready_report(session, make_patient(session), doctor), doctor)


@pytest.fixture(params=WRITERS)
def taken(request: pytest.FixtureRequest, database: Settings) -> Iterator[Connection]:
    """The primary, for whoever has taken a process of this role, in a transaction."""
    name = f"taken_{request.param.kind}"
    url = archive_readers.as_login(database.primary_url, name, setup.make_login(name, request.param))
    with create_engine(url).connect() as connection:
        yield connection


def added(model: Any, report_id: int) -> Any:
    values: dict[Any, Any] = {
        Evidence: {"patient_id": 1, "ref": "note:9", "store": "hot", "content_hash": "0", "hash_version": 1,
                   "fields": {}},
        Claim: {"patient_id": 1, "ordinal": 9, "section": "x", "text": "All well.", "round": 1, "flagged": False,
                "version": 1},
        Citation: {"claim_id": 1, "ref": "note:9", "content_hash": "0", "hash_version": 1},
        Check: {"claim_id": 1, "checker": "code", "verdict": "supported", "reasons": [], "checked_at": utc_now()},
        Omission: {"ref": "note:9", "reason": "x"},
        Signature: {"account_id": 1, "name": "x", "meaning": "x", "content_hash": "0", "signed_at": utc_now()},
    }  # fmt: skip
    return insert(model).values(report_id=report_id, **values[model])


def content() -> dict[str, Any]:
    """What the primary has of the report, as its owner sees it."""
    with databases.read(Store.HOT) as session:
        claims = session.execute(select(Claim.id, Claim.text, Claim.report_id).order_by(Claim.id)).all()
        counts = [session.scalar(select(func.count()).select_from(model)) for model in (*CONTENT, Signature)]
    return {"claims": claims, "counts": counts}


def refused(taken: Connection, statement: Any) -> bool:
    """Whether it is refused, or has no effect."""
    try:
        return taken.execute(statement).rowcount == 0
    except DBAPIError as fault:
        if not re.search(REFUSED, str(fault)):
            raise
        return True


@pytest.mark.parametrize("model", CONTENT)
@pytest.mark.parametrize("verb", ["add", "change", "take away"])
def test_a_snapshot_of_before_it_was_signed_opens_nothing_of_a_report(
    taken: Connection, ready: Ready, model: Any, verb: str
) -> None:
    taken.execution_options(isolation_level="REPEATABLE READ")
    taken.execute(select(Report.state))
    sign_ready_report(ready.report, ready.doctor)
    before = content()
    statement = {
        "add": added(model, ready.id),
        "change": update(model).where(model.report_id == ready.id).values(report_id=ready.id),
        "take away": delete(model).where(model.report_id == ready.id),
    }[verb]
    assert refused(taken, statement)
    taken.commit()
    assert content() == before


def test_nor_does_a_statement_that_began_before(taken: Connection, ready: Ready) -> None:
    """Its own snapshot is of before; what it locks is of now: so nobody signs while it is open."""
    taken.execute(update(Claim).where(Claim.id == ready.report.supported_id).values(section="x"))
    with databases.write() as session, pytest.raises(DBAPIError, match="could not obtain lock"):
        session.execute(select(Report.id).where(Report.id == ready.id).with_for_update(nowait=True))


def test_nobody_adds_to_a_report_that_is_not_here(taken: Connection, ready: Ready) -> None:
    """It has left for the archive, signed perhaps."""
    for model in (*CONTENT, Signature):
        with pytest.raises(DBAPIError, match=r"row-level security policy|permission denied"), taken.begin_nested():
            taken.execute(added(model, ready.id + 10**6))


def test_a_draft_is_still_written(taken: Connection, ready: Ready) -> None:
    assert taken.execute(update(Claim).where(Claim.id == ready.report.supported_id).values(section="x")).rowcount == 1
    taken.execute(added(Omission, ready.id))
    mine = select(func.count()).where(Omission.report_id == ready.id, Omission.ref == "note:9")
    assert taken.scalar(mine) == 1
