"""Ways around the rules, for whoever has taken a process: a detour by another state, table, lock or value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, text, update

from core.audit.kept_heads import LOCK
from core.install.database_roles import DatabaseRole
from core.models import (
    Account,
    Claim,
    Correction,
    Erasure,
    GlassBreak,
    ModelCall,
    Report,
    ReportEvent,
    ReportState,
    SetUpCode,
)
from tests.integration.access.taken_world import Effect, World

PUBLIC, STAFF, WORKER, ARCHIVER = DatabaseRole


def _state(of: Callable[[World], int], state: ReportState) -> Callable[[World], Any]:
    return lambda w: update(Report).where(Report.id == of(w)).values(state=state)


def _signed(world: World) -> int:
    return world.signed_id


_withdrawn = _state(_signed, ReportState.WITHDRAWN)
_SIGNATURES = text("CREATE TEMPORARY TABLE signature AS SELECT id AS report_id FROM public.report")
_NO_CLAIMS = text(
    "CREATE TEMPORARY TABLE claim AS SELECT id AS report_id, false AS flagged, '' AS decision, 1 AS replaced_by"
    " FROM public.report"
)
_NO_REPORTS = text("CREATE TEMPORARY TABLE report AS SELECT 0 AS id, 'ready' AS state")


def _words(world: World) -> Any:
    return text("UPDATE public.claim SET text = 'All well.' WHERE report_id = :id").bindparams(id=world.signed_id)


def _event(at: str) -> Callable[[World], Any]:
    return lambda _: text(
        "INSERT INTO access_event (at, portal, action, outcome, writer, sequence, previous_hash, hash)"
        " SELECT CAST(:at AS timestamptz), kind, 'a.b', 'allow', kind || '-x', 1, '', ''"
        " FROM (SELECT replace(replace(current_user, 'taken_', ''), 'strata_', '') AS kind) k"
    ).bindparams(at=at)


def _message(at: str, enqueues: int) -> Callable[[World], Any]:
    return lambda _: text(
        "INSERT INTO outbox_message (queue, task, arguments, created_at, due_at, enqueues)"
        " VALUES ('reports', 'workers.reports.jobs.draft_report', '{}', CAST(:at AS timestamptz), now(), :enqueues)"
    ).bindparams(at=at, enqueues=enqueues)


# A withdrawn report was signed: what was signed stays.
WITHDRAWING = (
    Effect("change a claim by withdrawing its report first", lambda w: (
        _withdrawn(w), update(Claim).where(Claim.report_id == w.signed_id).values(text="All well."))),
    Effect("take away a claim by withdrawing its report first", lambda w: (
        _withdrawn(w), delete(Claim).where(Claim.report_id == w.signed_id)), frozenset({ARCHIVER})),
    Effect("bring a withdrawn report back", lambda w: (
        _withdrawn(w), _state(_signed, ReportState.READY)(w))),
    Effect("give a withdrawn report to another patient", lambda w: (
        _withdrawn(w), update(Report).where(Report.id == w.signed_id).values(patient_id=w.ready_patient_id))),
)  # fmt: skip
# Tables of a session's own are found before ours, by whatever names no schema.
SHADOWS = (
    Effect("make a table of a session's own",
           lambda _: text("CREATE TEMPORARY TABLE mine AS SELECT 1 AS one"), frozenset({ARCHIVER})),
    Effect("sign by a signature of one's own making", lambda w: (
        _SIGNATURES, _NO_CLAIMS, text("UPDATE public.report SET state = 'signed' WHERE id = :id")
        .bindparams(id=w.ready_id))),
    Effect("change a signed claim beside a table of one's own", lambda w: (_NO_REPORTS, _words(w))),
)  # fmt: skip
# What happened is added to, not rewritten.
HISTORY = (
    Effect("rewrite what became of a report", lambda _: update(ReportEvent).values(reason="x"),
           frozenset({ARCHIVER})),
    Effect("take away what became of a report", lambda _: delete(ReportEvent), frozenset({ARCHIVER})),
    Effect("take away a model's calls", lambda _: delete(ModelCall), frozenset({ARCHIVER})),
    Effect("take away a correction", lambda _: delete(Correction)),
    Effect("change what a correction says", lambda _: update(Correction).values(reason="x")),
    Effect("take away that a glass was broken", lambda _: delete(GlassBreak)),
    Effect("change why a glass was broken", lambda _: update(GlassBreak).values(reason="x")),
    Effect("make an erasure another patient's", lambda w: update(Erasure).values(patient_id=w.patient_id)),
    Effect("change who decided on an erasure", lambda _: update(Erasure).values(requested_by="x")),
    Effect("take away a patient's account", lambda w: (
        delete(SetUpCode).where(SetUpCode.account_id == w.new_patient_account_id),
        delete(Account).where(Account.id == w.new_patient_account_id))),
)  # fmt: skip
_IDS = "SELECT max(id) + 10 FROM access_event"


def _event_with_id(ids: str) -> Callable[[World], Any]:
    return lambda _: text(
        "INSERT INTO access_event (id, at, portal, action, outcome, writer, sequence, previous_hash, hash)"
        f" SELECT ({ids}), now(), kind, 'a.b', 'allow', kind || '-x', 1, '', ''"
        " FROM (SELECT replace(replace(current_user, 'taken_', ''), 'strata_', '') AS kind) k"
    )


def _set(table: str, column: str, value: str) -> Callable[[World], Any]:
    """In a row that is there: of a report that is not signed, as of a record."""
    return lambda _: text(f"UPDATE {table} SET {column} = '{value}'")


_ENDLESS = f'{{"report_id": {"9" * 5_000}}}'
_DEEP = '{"a":' * 3_000 + "1" + "}" * 3_000


def _job_of(document: str) -> Callable[[World], Any]:
    return lambda _: text(
        "INSERT INTO outbox_message (queue, task, arguments, created_at, due_at, enqueues)"
        " VALUES ('reports', 'workers.reports.jobs.draft_report', CAST(:document AS jsonb), now(), now(), 0)"
    ).bindparams(document=document)


def _document(table: str, column: str, document: str) -> Callable[[World], Any]:
    """In a draft, which workers and staff write."""
    return lambda w: text(f"UPDATE {table} SET {column} = CAST(:document AS jsonb) WHERE report_id = :id").bindparams(
        document=document, id=w.ready_id
    )


# Values that stop whoever reads them, ids that are to be others', and locks that stop whoever waits for them.
STOPPING = (
    *(Effect(f"write an event at {at}", _event(at)) for at in ("infinity", "-infinity", "4713-01-01 BC")),
    Effect("use up the ids of others' events", _event_with_id(_IDS), frozenset({ARCHIVER})),
    Effect("write an event beyond all ids", _event_with_id("SELECT 9223372036854775807"), frozenset({ARCHIVER})),
    *(Effect(f"write {value} as {column} of a {table}", _set(table, column, value)) for table, column, value in (
        ("patient", "birth_on", "infinity"), ("visit", "started_at", "-infinity"), ("note", "written_at", "infinity"),
        ("observation", "observed_at", "294276-12-31 UTC"), ("observation", "value_number", "NaN"),
        ("report", "requested_at", "infinity"), ("model_call", "cost_usd", "NaN"))),
    Effect("write a figure of load that is no number", lambda _: text(
        "INSERT INTO load_figure (source, name, span, at, samples, mean, highest)"
        " VALUES ('x', 'cpu', 'minute', now(), 1, 'NaN', 'Infinity')")),
    Effect("use up the ids of others' passkeys", lambda w: text(
        "INSERT INTO passkey (id, account_id, credential_id, public_key, sign_count, name, made_at)"
        " VALUES (1000, :id, 'x', 'x', 0, 'x', now())").bindparams(id=w.patient_account_id)),
    Effect("give others' recovery codes the last ids", lambda _: text(
        "UPDATE recovery_code SET id = 9223372036854775807")),
    Effect("use up the ids of others' jobs", lambda _: text(
        "INSERT INTO outbox_message (id, queue, task, arguments, created_at, due_at, enqueues)"
        " VALUES (1000, 'reports', 'workers.reports.jobs.draft_report', '{}', now(), now(), 0)")),
    Effect("ask for a job before all time", _message("-infinity", 0)),
    Effect("ask for a job that was sent too often", _message("2026-01-01", 2**31 - 1)),
    *(Effect(f"ask for a job with {name}", _job_of(document)) for name, document in (
        ("a number of endless digits", _ENDLESS), ("endless depth", _DEEP), ("a list", "[]"), ("a number", "5"))),
    *(Effect(f"write {name} as {column} of a {table}", _document(table, column, document))
      for table, column, name, document in (
        ("evidence", "fields", "endless digits", _ENDLESS), ("evidence", "fields", "endless depth", _DEEP),
        ("evidence", "fields", "a list", "[]"), ("claim_check", "reasons", "a number", "5"),
        ("claim_check", "reasons", "endless digits", f"[{_ENDLESS}]"))),
    Effect("hold the lock of those who keep heads", lambda _: text(
        "SELECT 1 WHERE pg_try_advisory_xact_lock(hashtextextended(:name, 0))").bindparams(name=LOCK),
        frozenset({STAFF, WORKER, ARCHIVER})),
)  # fmt: skip
TRICKS = (*WITHDRAWING, *SHADOWS, *HISTORY, *STOPPING)
