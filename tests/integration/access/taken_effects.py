"""What whoever has taken a process might try in the primary, and which processes that is part of the work of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select, text, update

from core.install.database_roles import DatabaseRole
from core.models import (
    AccessEvent,
    Account,
    ChainHead,
    Citation,
    Claim,
    Credential,
    Erasure,
    Evidence,
    OutboxMessage,
    Passkey,
    RecoveryCode,
    Report,
    ReportState,
    Role,
    SetUpCode,
    Signature,
    SignIn,
    utc_now,
)
from core.stores.tables import linked_table, signed_view
from tests.integration.access.taken_moves import MOVES
from tests.integration.access.taken_tricks import TRICKS
from tests.integration.access.taken_world import Effect, World

PUBLIC, STAFF, WORKER, ARCHIVER = DatabaseRole


def _sign_in_as(portal: str, whose: Callable[[World], int]) -> Callable[[World], Any]:
    now = utc_now()
    return lambda world: insert(SignIn).values(
        token_hash="f" * 64, portal=portal, account_id=whose(world), data="{}", created_at=now, seen_at=now,
        expires_at=now + timedelta(hours=1),
    )  # fmt: skip


def _event_as(kind: str) -> Callable[[World], Any]:
    return lambda world: insert(AccessEvent).values(
        at=utc_now(), portal=kind, action="chart.viewed", outcome="allow", patient_id=world.patient_id,
        writer=f"{kind}-forged-1-0a1b2c", sequence=1, previous_hash="0" * 64, hash="0" * 64,
    )  # fmt: skip


def _task(name: str) -> Callable[[World], Any]:
    return lambda _: insert(OutboxMessage).values(
        queue="archive", task=name, arguments={}, created_at=utc_now(), due_at=utc_now(), enqueues=0
    )


def _admin(world: World) -> int:
    return world.admin_id


def _own(world: World) -> int:
    return world.patient_account_id


def _of_signed(table: Any, **values: Any) -> Callable[[World], Any]:
    return lambda world: update(table).where(table.report_id == world.signed_id).values(**values)


def _recovery_code(whose: Callable[[World], int]) -> Callable[[World], Any]:
    return lambda world: insert(RecoveryCode).values(account_id=whose(world), code_hash="1" * 64, made_at=utc_now())


def _passkey(whose: Callable[[World], int]) -> Callable[[World], Any]:
    return lambda world: insert(Passkey).values(
        account_id=whose(world), credential_id="mine", public_key="mine", sign_count=0, name="mine", made_at=utc_now()
    )


def _claim(report_id: Callable[[World], int]) -> Callable[[World], Any]:
    return lambda world: insert(Claim).values(
        report_id=report_id(world), patient_id=world.patient_id, ordinal=9, section="x", text="All well.", round=1,
        flagged=False,
    )  # fmt: skip


def _credential(*roles: Role) -> Callable[[World], Any]:
    return lambda _: select(Credential.password_hash).join(Account).where(Account.role.in_(roles))


def _password(account_id: int) -> Any:
    return update(Credential).where(Credential.account_id == account_id).values(password_hash="mine")


def _set_up_code(whose: Callable[[World], int]) -> Callable[[World], Any]:
    return lambda world: insert(SetUpCode).values(
        account_id=whose(world), code_hash="1" * 64, is_for_lost_device=False, made_at=utc_now(), expires_at=utc_now()
    )


ACCOUNTS = (
    Effect("read a member of staff's password hash",
           _credential(Role.CLINICIAN, Role.ADMIN, Role.AUDITOR), frozenset({STAFF})),
    Effect("read a patient's password hash",
           _credential(Role.PATIENT), frozenset({PUBLIC})),
    Effect("read a member of staff's secret of an app",
           lambda w: select(Credential.totp_secret).where(Credential.account_id == w.admin_id), frozenset({STAFF})),
    Effect("read a member of staff's recovery codes",
           lambda w: select(RecoveryCode.code_hash).where(RecoveryCode.account_id == w.admin_id), frozenset({STAFF})),
    Effect("set a member of staff's password",
           lambda w: _password(w.admin_id), frozenset({STAFF})),
    Effect("set a patient's password", lambda w: _password(w.patient_account_id), frozenset({PUBLIC})),
    Effect("give a patient without a password one", lambda w: insert(Credential).values(
        account_id=w.new_patient_account_id, password_hash="mine", password_changed_at=utc_now()),
        frozenset({PUBLIC})),
    Effect("take away a patient's password", lambda w: delete(Credential)
           .where(Credential.account_id == w.patient_account_id), frozenset({PUBLIC})),
    Effect("make a member of staff's password a patient's", lambda w: update(Credential)
           .where(Credential.account_id == w.admin_id).values(account_id=w.new_patient_account_id)),
    # An admin's work. The patients' portal records its use, and shows it to the patient.
    Effect("make a set-up code for a patient", _set_up_code(lambda w: w.patient_account_id), frozenset({STAFF})),
    Effect("make a set-up code for an admin", _set_up_code(lambda w: w.admin_id), frozenset({STAFF})),
    Effect("prolong a set-up code", lambda _: update(SetUpCode).values(expires_at=utc_now())),
    Effect("read a patient's recovery codes", lambda w: select(RecoveryCode.code_hash)
           .where(RecoveryCode.account_id == w.patient_account_id), frozenset({PUBLIC})),
    Effect("make a second open account for a patient", lambda w: insert(Account).values(
        username="second", role=Role.PATIENT, name="x", patient_id=w.patient_id, active=True, covers_all=False,
        created_at=utc_now(), version=1)),
    Effect("make an account an admin's", lambda w: update(Account).where(Account.id == w.patient_account_id)
           .values(role=Role.ADMIN)),
    Effect("make a patient's account another patient's", lambda w: update(Account)
           .where(Account.id == w.patient_account_id).values(patient_id=w.ready_patient_id)),
    Effect("take away an admin's account", lambda w: delete(Account).where(Account.id == w.spare_admin_id)),
    Effect("sign in as an admin", _sign_in_as("staff", _admin), frozenset({STAFF})),
    Effect("sign in as an admin at the patients' portal", _sign_in_as("public", _admin)),
    Effect("sign in as a patient", _sign_in_as("public", _own), frozenset({PUBLIC})),
    Effect("sign in as a patient at the staff portal", _sign_in_as("staff", _own)),
    Effect("make a patient's sign-in an admin's", lambda w: update(SignIn).where(SignIn.portal == "public")
           .values(portal="staff", account_id=w.admin_id)),
    Effect("make an admin's sign-in a patient's", lambda w: update(SignIn).where(SignIn.portal == "staff")
           .values(portal="public", account_id=w.patient_account_id)),
    Effect("prolong an admin's sign-in", lambda _: update(SignIn).where(SignIn.portal == "staff")
           .values(seen_at=utc_now()), frozenset({STAFF})),
    Effect("give an admin a recovery code", _recovery_code(_admin), frozenset({STAFF})),
    Effect("give a patient a recovery code", _recovery_code(_own), frozenset({PUBLIC})),
    Effect("give an admin a passkey", _passkey(_admin), frozenset({STAFF})),
    Effect("give a patient a passkey", _passkey(_own), frozenset({PUBLIC})),
)  # fmt: skip
# What the archiver can write here is found afterwards: see tests/integration/audit/test_tamper.py.
TRAIL = (
    *(Effect(f"write an event as {role.kind}", _event_as(role.kind), frozenset({role, ARCHIVER}))
      for role in DatabaseRole),
    Effect("write an event as a command", _event_as("command"), frozenset({ARCHIVER})),
    Effect("change an event", lambda _: update(AccessEvent).values(actor_name="Nobody")),
    Effect("take away an event", lambda _: delete(AccessEvent), frozenset({ARCHIVER})),
    *(Effect(f"set back a head of {role.kind}", lambda _, kind=role.kind: update(ChainHead)  # type: ignore[misc]
             .where(ChainHead.writer.startswith(f"{kind}-")).values(sequence=0), frozenset({role}))
      for role in DatabaseRole),
    Effect("take away a head", lambda _: delete(ChainHead)),
)  # fmt: skip
REPORTS = (
    Effect("read a draft", lambda _: select(Report.id).where(Report.state != ReportState.SIGNED),
           frozenset({STAFF, WORKER, ARCHIVER})),
    Effect("read an archived draft", lambda _: select(linked_table("report").c.id)
           .where(linked_table("report").c.state != ReportState.SIGNED), frozenset({STAFF, WORKER, ARCHIVER})),
    Effect("read an archived draft's words", lambda _: select(linked_table("claim").c.text),
           frozenset({STAFF, WORKER, ARCHIVER})),
    Effect("read an archived draft among signed reports", lambda _: select(signed_view("report").c.id)
           .where(signed_view("report").c.state != ReportState.SIGNED)),
    Effect("read an archived draft's words among those of signed reports", lambda _: select(signed_view("claim").c.text)
           .where(signed_view("claim").c.report_id == 10**6)),
    Effect("read an archived signed report", lambda _: select(signed_view("claim").c.text)
           .where(signed_view("claim").c.report_id == 10**6 + 1), frozenset({PUBLIC})),
    Effect("make a signed report of nothing", lambda w: insert(Report).values(
        patient_id=w.patient_id, state=ReportState.SIGNED, requested_by=1, requested_at=utc_now(), round=0, version=1),
        frozenset({ARCHIVER})),
    Effect("sign without a signature", lambda w: update(Report).where(Report.id == w.ready_id)
           .values(state=ReportState.SIGNED)),
    Effect("sign in another's name", lambda w: insert(Signature).values(
        report_id=w.ready_id, account_id=1, name="Dr Nobody", meaning="x", content_hash="0" * 64, signed_at=utc_now()),
        frozenset({STAFF, ARCHIVER})),
    Effect("give a signed report to another patient", lambda w: update(Report).where(Report.id == w.signed_id)
           .values(patient_id=w.ready_patient_id)),
    Effect("take away a signature", lambda w: delete(Signature).where(Signature.report_id == w.signed_id),
           frozenset({ARCHIVER})),
    Effect("take away a signed claim", lambda w: delete(Claim).where(Claim.report_id == w.signed_id),
           frozenset({ARCHIVER})),
    Effect("take away a signed report's evidence", lambda w: delete(Evidence).where(Evidence.report_id == w.signed_id),
           frozenset({ARCHIVER})),
    Effect("take away a signed report", lambda w: delete(Report).where(Report.id == w.signed_id),
           frozenset({ARCHIVER})),
    Effect("change a signature", _of_signed(Signature, name="Dr Nobody")),
    Effect("change a signed claim", _of_signed(Claim, text="All well.")),
    Effect("change a signed citation", _of_signed(Citation, ref="patient:1")),
    Effect("change a signed report's evidence", _of_signed(Evidence, fields={})),
    Effect("add a claim to a signed report", _claim(lambda w: w.signed_id), frozenset({ARCHIVER})),
    Effect("add a claim to an archived signed report", _claim(lambda _: 10**6 + 1), frozenset({ARCHIVER})),
    Effect("move a claim into a signed report", lambda w: update(Claim).where(Claim.report_id == w.ready_id)
           .values(report_id=w.signed_id)),
)  # fmt: skip
JOBS = (
    Effect("ask for a command", _task("os.system")),
    Effect("ask for a job of the workers' alone", _task("workers.evaluate.evaluate"), frozenset({WORKER})),
    Effect("ask for an erasure", _task("workers.archive.erase.erase"), frozenset({STAFF})),
    Effect("make a job another", lambda _: update(OutboxMessage).values(task="workers.archive.erase.erase")),
    Effect("decide on an erasure", lambda w: insert(Erasure).values(
        patient_id=w.patient_id, requested_by="x", reason="x", requested_at=utc_now(), rows=0), frozenset({STAFF})),
    Effect("forget an erasure", lambda _: delete(Erasure)),
)  # fmt: skip
EFFECTS = (*ACCOUNTS, *TRAIL, *REPORTS, *JOBS, *MOVES, *TRICKS)

# What no process does, whichever it is.
NEVER = {
    name: text(statement)
    for name, statement in {
        "run a program": "COPY (SELECT 1) TO PROGRAM 'true'",
        "read a file of the server's": "SELECT pg_read_file('PG_VERSION')",
        "become the owner": "SET ROLE postgres",
        "turn triggers off": "SET session_replication_role = replica",
        "turn row rules off": "ALTER TABLE account DISABLE ROW LEVEL SECURITY",
        "make a table": "CREATE TABLE mine (id int)",
        "make a function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "empty a table": "TRUNCATE access_event",
        "read a linked server's password": "SELECT umoptions FROM pg_user_mapping",
        "read the logins' passwords": "SELECT rolpassword FROM pg_authid",
        "keep a large object": "SELECT lo_from_bytea(0, 'x')",
        "write to the server's log of changes": "SELECT pg_logical_emit_message(false, 'x', 'y')",
        "shut all others out of the chains' heads": "LOCK TABLE chain_head IN ACCESS EXCLUSIVE MODE",
        "make a login": "CREATE ROLE mine LOGIN SUPERUSER",
    }.items()
}
