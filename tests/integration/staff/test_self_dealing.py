"""No sequence of one clinician's own acts gives that clinician lasting access that nobody else gave."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import update
from sqlalchemy.orm import Session

from core.access import care as ties
from core.access.care import NotInCare
from core.models import Account, CareTeamMember, GlassBreak, Sensitivity, utc_now
from core.services import care, sensitive_visits, visits
from core.services.care import NotOneself
from core.services.sensitive_visits import NoSuchVisit
from core.services.visit_rows import NewVisit
from core.stores import databases
from tests.factories import make_account, make_patient, make_visit

REASON = "shares the care of this patient"
REFUSED = (NotInCare, NotOneself, NoSuchVisit)


class SelfDealing(RuleBasedStateMachine):
    """One clinician does whatever they may, alone; then all that was lent to them ends."""

    empty_tables: Callable[[], None]

    def __init__(self) -> None:
        super().__init__()
        self.empty_tables()
        self.forms = 0
        self.on_team = False
        with databases.write() as session:
            self.me, colleague = make_account(session, covers_all=False), make_account(session, covers_all=False)
            self.colleague = colleague.username
            self.colleague_id = colleague.id
            patient = make_patient(session)
            self.patient_id = patient.id
            session.add(CareTeamMember(patient_id=patient.id, account_id=colleague.id))
            session.flush()
            self.hidden_id = make_visit(session, patient, started_at=utc_now()).id
            sensitive_visits.keep_apart(
                session, patient_id=patient.id, visit_id=self.hidden_id, category=Sensitivity.OTHER, by=colleague
            )

    @initialize(lent=st.sampled_from(["nothing", "duty", "team"]))
    def lend(self, lent: str) -> None:
        with databases.write() as session:
            session.get_one(Account, self.me.id).covers_all = lent == "duty"
            if lent == "team":
                session.add(CareTeamMember(patient_id=self.patient_id, account_id=self.me.id))
                self.on_team = True

    def attempt(self, act: Callable[[Session], object]) -> None:
        with suppress(*REFUSED), databases.write() as session:
            act(session)

    @rule()
    def break_the_glass(self) -> None:
        self.attempt(lambda s: care.break_glass(s, patient_id=self.patient_id, reason=REASON, by=self.me))

    @rule()
    def let_the_glass_close(self) -> None:
        with databases.write() as session:
            session.execute(update(GlassBreak).values(expires_at=utc_now()))

    @rule()
    def write_a_visit(self) -> None:
        self.forms += 1
        new = NewVisit("Review", "AMB", utc_now())
        token = f"{'a' * 20}{self.forms}"
        self.attempt(lambda s: visits.record_visit(s, patient_id=self.patient_id, new=new, token=token, by=self.me))

    @rule(myself=st.booleans())
    def add_to_the_team(self, myself: bool) -> None:
        who = self.me.username if myself else self.colleague
        self.attempt(
            lambda s: care.add_colleague(s, patient_id=self.patient_id, username=who, reason=REASON, by=self.me)
        )

    @rule()
    def take_the_colleague_off(self) -> None:
        self.attempt(
            lambda s: care.leave(
                s, patient_id=self.patient_id, account_id=self.colleague_id, reason=REASON, by=self.me
            )
        )  # fmt: skip

    @rule(category=st.sampled_from([None, *Sensitivity]))
    def mark(self, category: str | None) -> None:
        self.attempt(
            lambda s: sensitive_visits.keep_apart(
                s, patient_id=self.patient_id, visit_id=self.hidden_id, category=category, by=self.me
            )
        )

    @rule()
    def let_myself_see(self) -> None:
        self.attempt(
            lambda s: sensitive_visits.let_see(
                s, patient_id=self.patient_id, visit_id=self.hidden_id, username=self.me.username, reason=REASON,
                by=self.me,
            )
        )  # fmt: skip

    def teardown(self) -> None:
        """What was lent ends: the glass closes and duty is over; only a place on the team, given before, stays."""
        with databases.write() as session:
            session.execute(update(GlassBreak).values(expires_at=utc_now()))
            session.get_one(Account, self.me.id).covers_all = False
            tie = ties.tie(session, self.me.id, self.patient_id)
            hidden = ties.hidden_visits(session, self.me.id, self.patient_id)
        assert (tie is not None) == self.on_team
        assert self.hidden_id in hidden


@pytest.mark.usefixtures("database")
def test_no_sequence_of_own_acts_gives_lasting_access(empty_tables: Callable[[], None]) -> None:
    """Twenty clinicians, eight acts each."""
    machine = type("Machine", (SelfDealing,), {"empty_tables": staticmethod(empty_tables)})
    limits = settings(
        max_examples=20, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(machine, settings=limits)
