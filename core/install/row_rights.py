"""Which rows each kind of process may see and write, where a right to a table would reach too far.

A right to a table is no boundary by itself: whoever may change one row of `account` may change all. Tables that are
not named here are open to a role as grants.py says. Owners, who run `strata init`, are not bound.
"""

from __future__ import annotations

from core.access.permissions import STAFF_ROLES
from core.engines.row_rules import Begins, Condition, Either, Every, Missing, Not, OneOf, Parent, RowRule, Verb
from core.install.database_roles import DatabaseRole
from core.jobs import tasks
from core.models import BatchState, ReportState, Role

SELECT, INSERT, UPDATE, DELETE = Verb
EVERYTHING = tuple(Verb)
PUBLIC, STAFF, WORKER, ARCHIVER = DatabaseRole

PATIENTS = (Role.PATIENT,)
STAFFS = tuple(sorted(STAFF_ROLES))
PATIENTS_OWN = Parent("account", "account_id", OneOf("role", PATIENTS))
STAFFS_OWN = Parent("account", "account_id", OneOf("role", STAFFS))

# An erasure is decided on first, and stays.
ERASED = Parent("erasure", "patient_id", Every(), key="patient_id")
OF_ERASED_ACCOUNT = Parent("account", "account_id", ERASED)
STAFFS_OR_ERASED = Either((STAFFS_OWN, OF_ERASED_ACCOUNT))

ACCOUNTS = (
    RowRule("account", PUBLIC, (SELECT,), OneOf("role", PATIENTS)),
    RowRule("account", STAFF, (SELECT, INSERT, UPDATE)),
    RowRule("account", STAFF, (DELETE,), Every((OneOf("role", PATIENTS), ERASED))),
    RowRule("account", WORKER, (SELECT,)),
    RowRule("account", ARCHIVER, (SELECT,)),
    RowRule("sign_in", PUBLIC, EVERYTHING, Every((OneOf("portal", ("public",)), PATIENTS_OWN))),
    # An admin ends a patient's sign-ins, and begins none.
    RowRule("sign_in", STAFF, (SELECT, DELETE)),
    RowRule("sign_in", STAFF, (INSERT, UPDATE), Every((OneOf("portal", ("staff",)), STAFFS_OWN))),
    RowRule("sign_in", WORKER, (SELECT, DELETE)),
    # A patient's password is set by the patients' portal alone; an admin makes the code that lets the patient do so.
    RowRule("credential", PUBLIC, EVERYTHING, PATIENTS_OWN),
    RowRule("credential", STAFF, (SELECT,), STAFFS_OR_ERASED),
    RowRule("credential", STAFF, (INSERT, UPDATE), STAFFS_OWN),
    RowRule("credential", STAFF, (DELETE,), OF_ERASED_ACCOUNT),
    RowRule("set_up_code", PUBLIC, (SELECT, DELETE), PATIENTS_OWN),
    RowRule("set_up_code", STAFF, (SELECT, INSERT, DELETE)),
)
SECOND_FACTORS = (
    RowRule("recovery_code", PUBLIC, EVERYTHING, PATIENTS_OWN),
    RowRule("recovery_code", STAFF, (SELECT, DELETE), STAFFS_OR_ERASED),
    RowRule("recovery_code", STAFF, (INSERT, UPDATE), STAFFS_OWN),
    RowRule("passkey", PUBLIC, EVERYTHING, PATIENTS_OWN),
    # An admin takes away those of a lost device, whose ever it was.
    RowRule("passkey", STAFF, (SELECT, DELETE)),
    RowRule("passkey", STAFF, (INSERT, UPDATE), STAFFS_OWN),
)


def _events(role: DatabaseRole, *more: Condition) -> RowRule:
    """A process appends events of its own kind."""
    own = (OneOf("portal", (role.kind,)), Begins("writer", f"{role.kind}-"))
    return RowRule("access_event", role, (INSERT,), Every((*own, *more)))


def _actor(roles: tuple[str, ...]) -> Condition:
    return Either((Missing("actor_role"), OneOf("actor_role", roles)))


def _heads(role: DatabaseRole, *verbs: Verb) -> RowRule:
    return RowRule("chain_head", role, verbs, Begins("writer", f"{role.kind}-"))


AUDIT = (
    # What its pages show a patient: looks at records, and what it wrote itself.
    RowRule("access_event", PUBLIC, (SELECT,), Either((Not(Missing("patient_id")), OneOf("portal", ("public",))))),
    _events(PUBLIC, _actor(PATIENTS)),
    RowRule("access_event", STAFF, (SELECT,)),
    _events(STAFF, _actor(STAFFS)),
    RowRule("access_event", WORKER, (SELECT,)),
    _events(WORKER),
    # It moves the events of all, and brings them back: what it changes in them their writers' keys do not prove.
    RowRule("access_event", ARCHIVER, (SELECT, INSERT, DELETE)),
    _heads(PUBLIC, SELECT, INSERT, UPDATE),
    _heads(STAFF, SELECT, INSERT, UPDATE),
    RowRule("chain_head", WORKER, (SELECT,)),
    _heads(WORKER, INSERT, UPDATE),
    RowRule("chain_head", ARCHIVER, (SELECT,)),
    _heads(ARCHIVER, INSERT, UPDATE),
)

SIGNED = OneOf("state", (ReportState.SIGNED,))
OF_SIGNED = Parent("report", "report_id", SIGNED)
# Withdrawing a signed report opens nothing of it to change: what was signed stays as it was.
WITHDRAWN = OneOf("state", (ReportState.WITHDRAWN,))
WAS_SIGNED = Either((SIGNED, Every((WITHDRAWN, Parent("signature", "id", Every(), key="report_id")))))
# Of a report that is here: one that has left for the archive is nobody's to add to.
OF_NEVER_SIGNED = Parent("report", "report_id", Not(WAS_SIGNED))
OF_OPEN = Parent("report", "report_id", Not(Either((SIGNED, WITHDRAWN))))
OF_ERASED = Parent("report", "report_id", ERASED)
# What a draft leaves out is listed anew after each decision on its claims.
MADE_ANEW = Either((OF_ERASED, OF_NEVER_SIGNED))
# What a signature covers, and what was decided by.
CONTENT = ("evidence", "claim", "citation", "claim_check", "omission")

REPORTS = (
    RowRule("report", PUBLIC, (SELECT,), SIGNED),
    *(RowRule(table, PUBLIC, (SELECT,), OF_SIGNED) for table in ("claim", "citation", "signature")),
    # Signing and withdrawing are updates, which the table's own guard looks at.
    RowRule("report", STAFF, (SELECT, UPDATE)),
    RowRule("report", STAFF, (INSERT,), Not(SIGNED)),
    RowRule("report", STAFF, (DELETE,), ERASED),
    RowRule("report", WORKER, (SELECT,)),
    RowRule("report", WORKER, (UPDATE,), Not(WAS_SIGNED)),
    RowRule("report", ARCHIVER, EVERYTHING),
    RowRule("signature", STAFF, (SELECT,)),
    RowRule("signature", STAFF, (INSERT,), OF_OPEN),
    RowRule("signature", STAFF, (DELETE,), OF_ERASED),
    RowRule("signature", WORKER, (SELECT,)),
    RowRule("signature", ARCHIVER, EVERYTHING),
    *(
        rule
        for table in CONTENT
        for rule in (
            RowRule(table, STAFF, (SELECT,)),
            RowRule(table, STAFF, (INSERT, UPDATE), OF_NEVER_SIGNED),
            RowRule(table, STAFF, (DELETE,), MADE_ANEW if table == "omission" else OF_ERASED),
            RowRule(table, WORKER, (SELECT,)),
            RowRule(table, WORKER, (INSERT, UPDATE, DELETE), OF_NEVER_SIGNED),
            RowRule(table, ARCHIVER, EVERYTHING),
        )
    ),
    # What became of a report, and what was asked for it, is added to. An erasure alone takes it away.
    RowRule("report_event", STAFF, (SELECT, INSERT)),
    RowRule("report_event", STAFF, (DELETE,), OF_ERASED),
    RowRule("report_event", WORKER, (SELECT, INSERT)),
    RowRule("report_event", ARCHIVER, EVERYTHING),
    RowRule("model_call", STAFF, (SELECT,)),
    RowRule("model_call", STAFF, (DELETE,), OF_ERASED),
    RowRule("model_call", WORKER, (SELECT, INSERT, UPDATE)),
    RowRule("model_call", ARCHIVER, EVERYTHING),
)

# What happened to a record stays as it was said: an erasure alone takes it away.
RECORDED = (
    RowRule("correction", PUBLIC, (SELECT,)),
    RowRule("correction", STAFF, (SELECT, INSERT, UPDATE)),
    RowRule("correction", WORKER, (SELECT,)),
    RowRule("correction", ARCHIVER, (SELECT,)),
    RowRule("glass_break", STAFF, (SELECT, INSERT)),
    RowRule("glass_break", WORKER, (SELECT,)),
    RowRule("glass_break", ARCHIVER, (SELECT,)),
    *(RowRule(table, STAFF, (DELETE,), ERASED) for table in ("correction", "glass_break")),
)

# Who looked when is known to who looked.
LOOKS = (
    RowRule("last_look", PUBLIC, (SELECT, INSERT, UPDATE), PATIENTS_OWN),
    RowRule("last_look", STAFF, (INSERT, UPDATE), STAFFS_OWN),
    RowRule("last_look", STAFF, (SELECT, DELETE), Either((STAFFS_OWN, ERASED))),
)

# By these the archiver takes copies away and readers leave them out. What has left is not staged anew.
UNDER_WAY = OneOf("state", (BatchState.PLANNED, BatchState.STAGED, BatchState.LOADED, BatchState.VERIFIED))
MOVES = (
    RowRule("batch", STAFF, (UPDATE,), UNDER_WAY),
    *(RowRule(table, STAFF, (DELETE,), ERASED) for table in ("holding", "restored_root")),
    *(
        rule
        for table in ("batch", "holding", "restored_root")
        for rule in (
            *(RowRule(table, role, (SELECT,)) for role in (PUBLIC, STAFF, WORKER)),
            RowRule(table, ARCHIVER, EVERYTHING),
        )
    ),
)

JOBS = (
    RowRule("outbox_message", STAFF, (SELECT,)),
    RowRule("outbox_message", STAFF, (INSERT,), OneOf("task", tasks.asked_by(tasks.STAFF))),
    RowRule("outbox_message", WORKER, (SELECT, UPDATE, DELETE)),
    RowRule("outbox_message", WORKER, (INSERT,), OneOf("task", tasks.asked_by(tasks.WORKER))),
    RowRule("outbox_message", ARCHIVER, (SELECT, UPDATE)),
    RowRule("outbox_message", ARCHIVER, (INSERT,), OneOf("task", tasks.asked_by(tasks.ARCHIVER))),
)

ROW_RULES = (*ACCOUNTS, *SECOND_FACTORS, *AUDIT, *REPORTS, *RECORDED, *LOOKS, *MOVES, *JOBS)
