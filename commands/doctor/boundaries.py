"""Whether the boundaries between processes are in force: rights, rows, keys, kept heads, sealed files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from redis import Redis, RedisError
from redis.exceptions import NoPermissionError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from commands.doctor.finding import SHOWN, Finding, first_of, judge
from core.audit import kept_heads
from core.engines import EngineError
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.models import AccessEvent, utc_now
from core.settings.config import Settings
from core.settings.parsing import PROCESS_KINDS
from core.staging.contract import StagingError
from core.stores import databases
from core.stores.databases import Store

MAKE_KEYS = "`strata keys` prints new ones, and which process is given which"
RUN_INIT = "run `strata init` as the owner"
OWNER = "command"
SEALS = (DatabaseRole.WORKER.kind, DatabaseRole.ARCHIVER.kind, OWNER)
SEALED = (DatabaseRole.PUBLIC.kind, DatabaseRole.STAFF.kind, OWNER)
PORTALS = (DatabaseRole.PUBLIC.kind, DatabaseRole.STAFF.kind)
# What a process of a kind must be refused in Redis, and what it could do otherwise.
RIGHTS = (("ACL", "LIST"), "it can change the rights of Redis' users")
SCRIPTS = (("EVAL", "return 1", "0"), "it runs scripts, and one that does not end stops Redis")
OF_OTHERS = {
    DatabaseRole.PUBLIC.kind: ((("GET", "sign_in:staff:doctor"), "it reaches sign-ins of staff"), RIGHTS, SCRIPTS),
    DatabaseRole.STAFF.kind: ((("GET", "sign_in:public:doctor"), "it reaches sign-ins of patients"), RIGHTS, SCRIPTS),
    DatabaseRole.WORKER.kind: ((("GET", "sign_in:staff:doctor"), "it reaches sign-ins of staff"), RIGHTS, SCRIPTS),
    DatabaseRole.ARCHIVER.kind: ((("GET", "sign_in:staff:doctor"), "it reaches sign-ins of staff"), RIGHTS, SCRIPTS),
}


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at what this process may do and knows, as the kind of process that its login is."""
    try:
        with databases.current().engine(Store.HOT, read_only=True).connect() as primary:
            roles = databases.current().adapter.roles.own(primary, list(DatabaseRole))
            lines = databases.current().adapter.roles.differences(primary, GRANTS)
    except (SQLAlchemyError, EngineError):
        # What is wrong with the primary is told elsewhere.
        return
    kind = DatabaseRole(roles[0]).kind if roles else OWNER
    yield _rights(lines)
    one = len(roles) <= 1
    yield judge("boundaries: login", one, f"it is {', '.join(roles) or 'the owner'}", "give it one role alone")
    yield _event_keys(settings, kind)
    yield from _own_keys(settings, kind)
    yield from _signing(settings, kind)
    yield from _sealed_files(settings, kind)
    if kind in (DatabaseRole.WORKER.kind, OWNER):
        yield from _heads(settings)
    if kind in OF_OTHERS:
        yield from redis_reach(settings.redis_url, kind)


def _rights(differences: Sequence[str]) -> Finding:
    found = first_of(differences, none="each role has its rights and rows, and no others")
    return judge("boundaries: roles", not differences, found, RUN_INIT)


def _sealed_files(settings: Settings, kind: str) -> Iterator[Finding]:
    if kind in SEALS:
        sealed = "sealed with a key" if settings.staging_key else "not sealed: whoever reads the store reads records"
        yield judge("boundaries: staged files", bool(settings.staging_key), sealed, "set STRATA_STAGING_KEY")
    if kind in SEALED:
        sealed = "sealed with a key" if settings.attachments_key else "not sealed: whoever reads the store reads them"
        yield judge("boundaries: files of notes", bool(settings.attachments_key), sealed, "set STRATA_ATTACHMENTS_KEY")


def _event_keys(settings: Settings, kind: str) -> Finding:
    """A process has its own kind's key; the owner, who verifies, those of all."""
    wanted = set(PROCESS_KINDS) if kind == OWNER else {kind}
    held = {name for name, _ in settings.event_keys}
    wrong = [f"the key of {name} is missing" for name in sorted(wanted - held)]
    wrong += [f"it has the key of {name}, which is not its own" for name in sorted(held - wanted)]
    said = "; ".join(wrong) or f"of {', '.join(sorted(held))}"
    return judge("boundaries: event keys", not wrong, said, f"set STRATA_EVENT_KEYS: {MAKE_KEYS}")


def _own_keys(settings: Settings, kind: str) -> Iterator[Finding]:
    """Keys without which this process can't work: each missing one is told before a page needs it."""
    if kind in SEALED:
        said = "values are sealed" if settings.field_keys else "no key: no national id, no authenticator app, no link"
        mend = "set STRATA_FIELD_KEYS, the same for all: `openssl rand -base64 32` makes a key"
        yield judge("boundaries: field keys", bool(settings.field_keys), said, mend)
    if kind in PORTALS:
        said = "cookies and forms are signed" if settings.secret_key else "no key: nobody can sign in"
        mend = "set STRATA_SECRET_KEY, another one for each portal: `openssl rand -base64 32` makes a key"
        yield judge("boundaries: secret key", bool(settings.secret_key), said, mend)


def _signing(settings: Settings, kind: str) -> Iterator[Finding]:
    subject = "boundaries: signatures"
    if kind == DatabaseRole.STAFF.kind:
        said = "made with a key" if settings.signing_key else "no key: reports can't be signed"
        yield judge(subject, bool(settings.signing_key), said, f"set STRATA_SIGNING_KEY: {MAKE_KEYS}")
        return
    if settings.signing_key:
        yield Finding(subject, False, "this process can sign reports", "leave STRATA_SIGNING_KEY to the staff portal")
    elif kind in (DatabaseRole.PUBLIC.kind, OWNER):
        said = "proved with a key" if settings.signing_public_keys else "no key proves them"
        yield judge(subject, bool(settings.signing_public_keys), said, f"set STRATA_SIGNING_PUBLIC_KEYS: {MAKE_KEYS}")


def _heads(settings: Settings) -> Iterator[Finding]:
    subject = "boundaries: kept heads"
    try:
        series = kept_heads.kept()
    except StagingError as fault:
        yield Finding(subject, False, str(fault), "mend STRATA_AUDIT_HEADS_URL")
        return
    with databases.read(Store.HOT) as session:
        faults = [f"{fault.writer} {fault.what}" for fault in kept_heads.missing(series, kept_heads.noted(session))]
        begins_at = session.scalar(select(AccessEvent.at).order_by(AccessEvent.id).limit(1))
    if series.newest is None and series.unsigned:
        faults.append("they are not signed")
    yield judge(
        subject, not faults, "; ".join(faults[:SHOWN]) or "signed", f"`strata audit verify` says more; {MAKE_KEYS}"
    )
    longest = timedelta(minutes=settings.audit_heads_minutes)
    late = [fault.what for fault in kept_heads.overdue(series, begins_at, utc_now(), longest)]
    newest = series.newest
    said = f"set {newest.number}, kept at {newest.kept_at:%Y-%m-%d %H:%M} UTC" if newest else "none is due yet"
    mend = "run the scheduler, and a worker of queue ops with STRATA_AUDIT_KEY"
    yield judge(f"{subject}, age", not late, "; ".join(late) or said, mend)


def redis_reach(url: str, kind: str) -> Iterator[Finding]:
    """A portal can't look at jobs, nor a process at another's keys, nor give itself more rights or run scripts."""
    mend = "give it the user that `strata redis-users` prints"
    try:
        with Redis.from_url(url, socket_connect_timeout=3.0, socket_timeout=3.0) as redis:
            if kind in PORTALS:
                reached = _reaches(redis, "GET", "rq:doctor")
                said = "this process can read and write jobs" if reached else "out of reach"
                yield judge("boundaries: queue", not reached, said, mend)
                if not _reaches(redis, "ZRANGE", f"position:{kind}:doctor", "-1", "-1"):
                    yield Finding("boundaries: positions", False, "out of its reach: pages read the primary", mend)
            wide = [what for words, what in OF_OTHERS[kind] if _reaches(redis, *words)]
            yield judge("boundaries: redis", not wide, "; ".join(wide) or "its own keys alone", mend)
    except RedisError as fault:
        yield Finding("boundaries: redis", False, str(fault).splitlines()[0], "mend Redis first")


def _reaches(redis: Redis, *words: str) -> bool:
    try:
        redis.execute_command(*words)
    except NoPermissionError:
        return False
    return True
