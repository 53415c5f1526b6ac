"""Asking for a report, following it, reviewing it beside its sources, signing it, and being refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from core.models import (
    AccessEvent,
    Check,
    Claim,
    Observation,
    OutboxMessage,
    Patient,
    Report,
    ReportState,
    Role,
    Signature,
)
from core.queries import evidence
from core.services import reports
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD, make_patient, make_prescription
from tests.integration.staff.conftest import StaffBrowser
from tests.ready_report import ReadyReport, make_ready_report


@pytest.fixture
def ready(clinician: StaffBrowser, patient: Patient) -> ReadyReport:
    """A draft with two flags."""
    with databases.write() as session:
        return make_ready_report(session, patient, clinician.account)


def page_of(ready: ReadyReport) -> str:
    return f"/reports/{ready.id}/review"


def decide(browser: StaffBrowser, ready: ReadyReport, claim_id: int, decision: str, **typed: str) -> Any:
    path = f"/reports/{ready.id}/claims/{claim_id}"
    return browser.post(path, {"decision": decision, **typed}, page=page_of(ready))


def decide_all(browser: StaffBrowser, ready: ReadyReport) -> None:
    for claim_id in (ready.contradicted_id, ready.unverified_id):
        assert decide(browser, ready, claim_id, "rejected", reason="Not so.").status_code == 303


def sign(browser: StaffBrowser, ready: ReadyReport, password: str = PASSWORD) -> Any:
    return browser.post(f"/reports/{ready.id}/sign", {"password": password}, page=page_of(ready))


def state(report_id: int) -> str:
    with databases.read(Store.HOT) as session:
        return session.get_one(Report, report_id).state


def claim(claim_id: int) -> Claim:
    with databases.read(Store.HOT) as session:
        return session.get_one(Claim, claim_id)


def test_a_report_is_asked_for_from_the_chart(clinician: StaffBrowser, patient: Patient) -> None:
    chart = f"/patients/{patient.id}"
    reply = clinician.post(f"{chart}/reports", page=chart)
    assert reply.status_code == 303
    assert "waiting" in clinician.get(reply.headers["Location"]).text
    with databases.read(Store.HOT) as session:
        assert len(session.scalars(select(OutboxMessage)).all()) == 1
    again = clinician.post(f"{chart}/reports", page="/patients/new")
    assert again.headers["Location"] == reply.headers["Location"]
    assert clinician.post("/patients/4711/reports", page="/patients/new").status_code == 404


def test_the_state_polls_while_it_moves_and_stops_when_it_is_finished(
    clinician: StaffBrowser, patient: Patient
) -> None:
    with databases.write() as session:
        report = reports.request(session, patient_id=patient.id, by=clinician.account)
    fragment = clinician.get(f"/reports/{report.id}", headers={"HX-Request": "true"})
    assert 'hx-trigger="every' in fragment.text
    with databases.write() as session:
        session.execute(update(Report).values(state=ReportState.READY))
    fragment = clinician.get(f"/reports/{report.id}", headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert "hx-trigger" not in fragment.text
    assert f"/reports/{report.id}/review" in fragment.text


def test_a_failed_report_shows_its_cause_and_can_be_tried_again(clinician: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        report = reports.request(session, patient_id=patient.id, by=clinician.account)
        session.execute(update(Report).values(state=ReportState.FAILED, reason="The model did not answer."))
    page = f"/reports/{report.id}"
    assert "The model did not answer." in clinician.get(page).text
    assert clinician.post(f"{page}/retry", page=page).status_code == 303
    assert state(report.id) == ReportState.REQUESTED


def test_the_worklist_tells_how_far_each_is(clinician: StaffBrowser, ready: ReadyReport) -> None:
    page = clinician.get("/reports").text
    assert "Tan Mei Ling" in page
    assert "0 of 2" in page
    assert "Tan Mei Ling" not in clinician.get("/reports?list=failed").text
    assert clinician.get("/reports?list=nothing").status_code == 404


def test_the_review_opens_at_the_first_flag_with_its_source_beside_it(
    clinician: StaffBrowser, ready: ReadyReport, patient: Patient
) -> None:
    page = clinician.get(page_of(ready)).text
    assert "Draft, not signed" in page
    assert "0 of 2 flags decided" in page
    assert "The cited values do not fall." in page
    assert "Potassium 5.4" in page
    assert "<mark>8.9</mark>" in page
    assert "usual 4–6" in page
    assert "S1234567D" not in page
    with databases.read(Store.HOT) as session:
        event = session.scalars(select(AccessEvent).where(AccessEvent.action == "report.reviewed")).one()
    assert (event.patient_id, event.target) == (patient.id, f"report:{ready.id}")


def test_each_claim_is_a_link_and_next_flag_goes_round(clinician: StaffBrowser, ready: ReadyReport) -> None:
    page = clinician.get(page_of(ready) + f"?claim={ready.unverified_id}").text
    assert re.search(rf'<li aria-current="true" id="claim-{ready.unverified_id}">', page)
    following = re.search(r'data-key="f" href="[^"]*claim=(\d+)', page)
    assert following
    assert int(following[1]) == ready.contradicted_id
    assert 'data-key="p"' not in page
    page = clinician.get(page_of(ready) + f"?claim={ready.supported_id}").text
    before = re.search(r'data-key="p" href="[^"]*claim=(\d+)', page)
    assert before
    assert int(before[1]) == ready.unverified_id


def test_flags_tell_how_much_harm_they_could_do(clinician: StaffBrowser, ready: ReadyReport) -> None:
    page = clinician.get(page_of(ready)).text
    assert "0 of 2 flags decided; 1 of high severity to decide" in page
    assert page.count("to decide · high severity") == page.count("to decide · medium severity") == 1
    decide(clinician, ready, ready.contradicted_id, "rejected", reason="It rose.")
    assert "of high severity" not in clinician.get(page_of(ready)).text


def test_decisions_are_taken_with_a_reason_and_lead_to_the_next_flag(
    clinician: StaffBrowser, ready: ReadyReport
) -> None:
    refused = decide(clinician, ready, ready.contradicted_id, "rejected")
    assert refused.status_code == 422
    assert "Say why" in refused.text
    reply = decide(clinician, ready, ready.contradicted_id, "rejected", reason="It rose.")
    assert reply.status_code == 303
    page = clinician.get(reply.headers["Location"]).text
    assert "1 of 2 flags decided" in page
    assert re.search(rf'<li aria-current="true" id="claim-{ready.unverified_id}">', page)
    assert claim(ready.contradicted_id).decision_reason == "It rose."


def test_an_edit_is_checked_again_and_typed_words_survive_a_fault(clinician: StaffBrowser, ready: ReadyReport) -> None:
    words = "HbA1c was 8.9 %, " + "x" * 1_000
    refused = decide(clinician, ready, ready.contradicted_id, "edited", text=words)
    assert refused.status_code == 422
    assert words in refused.text
    assert decide(clinician, ready, ready.contradicted_id, "edited", text="HbA1c was 8.9 %.").status_code == 303
    old = claim(ready.contradicted_id)
    assert old.replaced_by is not None
    new = claim(old.replaced_by)
    assert (new.text, new.flagged) == ("HbA1c was 8.9 %.", False)


def edited(browser: StaffBrowser, ready: ReadyReport, words: str) -> Claim:
    """The claim that an edit of the contradicted one makes."""
    assert decide(browser, ready, ready.contradicted_id, "edited", text=words).status_code == 303
    new_id = claim(ready.contradicted_id).replaced_by
    assert new_id is not None
    return claim(new_id)


def test_own_words_that_nothing_refutes_are_kept_without_a_reason(clinician: StaffBrowser, ready: ReadyReport) -> None:
    own = edited(clinician, ready, "Keeps active and eats well.")
    assert (own.verdict, own.flagged) == ("not_addressed", True)
    page = clinician.get(page_of(ready) + f"?claim={own.id}").text
    assert "Your words, not checked by code" in page
    assert 'value="accepted" data-key="a">Keep' in page
    assert decide(clinician, ready, own.id, "accepted").status_code == 303
    assert claim(own.id).decision_reason is None


def test_own_words_that_a_row_refutes_need_a_reason_and_both_are_kept(
    clinician: StaffBrowser, ready: ReadyReport
) -> None:
    own = edited(clinician, ready, "HbA1c was 9.8 % on 12 November 2026.")
    assert own.verdict == "contradicted"
    refused = decide(clinician, ready, own.id, "accepted")
    assert refused.status_code == 422
    assert "HbA1c was 8.9% on 12 November 2026." in refused.text
    assert decide(clinician, ready, own.id, "accepted", reason="The paper says 9.8.").status_code == 303
    assert claim(own.id).decision_reason == "The paper says 9.8."
    with databases.read(Store.HOT) as session:
        events = session.scalars(select(AccessEvent.action).where(AccessEvent.target == f"claim:{own.id}")).all()
    assert events == ["report.claim_accepted_against_row"]


def test_the_review_shows_what_code_read_what_proved_it_and_what_nobody_read(
    clinician: StaffBrowser, ready: ReadyReport
) -> None:
    page = clinician.get(page_of(ready) + f"?claim={ready.supported_id}").text
    source = f'<a href="#source-observation-{ready.observation_id}">observation:{ready.observation_id}</a>'
    assert f"“HbA1c was 8.9 % on 12 November 2026” is what {source} says: 8.9%." in " ".join(page.split())
    page = clinician.get(page_of(ready) + f"?claim={ready.unverified_id}").text
    assert "Nobody read “tolerates”" in page
    assert "The fact-checker has not read it: this is by code alone." in page


def test_a_claim_by_the_fact_checker_alone_has_a_lighter_mark_and_needs_no_decision(
    clinician: StaffBrowser, ready: ReadyReport
) -> None:
    with databases.write() as session:
        session.get_one(Claim, ready.unverified_id).verdict = "supported"
        session.get_one(Claim, ready.unverified_id).flagged = False
    page = clinician.get(page_of(ready) + f"?claim={ready.unverified_id}").text
    assert "0 of 1 flags decided; 1 by the fact-checker alone" in page
    assert "The fact-checker alone supports this" in page
    assert page.count('aria-label="Supported by the fact-checker alone"') == 1


def test_the_review_shows_what_the_fact_checker_read_and_what_bears_it_out(
    clinician: StaffBrowser, ready: ReadyReport
) -> None:
    words = claim(ready.unverified_id).text
    note = [{"kind": "note", "about": "", "span": words, "parts": [], "known_as": ""}]
    with databases.write() as session:
        about = {"report_id": ready.id, "claim_id": ready.unverified_id, "checker": "reader", "reasons": []}
        session.add(Check(**about, verdict="not in these rows", said=json.dumps(note)))
    page = " ".join(clinician.get(page_of(ready) + f"?claim={ready.unverified_id}").text.split())
    read = page.partition("Read by the fact-checker, which sees the sentence alone; compared with the rows by code:")[2]
    assert f"– “{words}” is in no cited row." in read
    assert "Nobody read" not in read.partition("</details>")[0]


def test_a_claim_read_by_the_fact_checker_and_proved_by_code_says_both(
    clinician: StaffBrowser, ready: ReadyReport
) -> None:
    with databases.write() as session:
        session.get_one(Claim, ready.unverified_id).verdict = "supported"
        session.get_one(Claim, ready.unverified_id).flagged = False
        about = {"report_id": ready.id, "claim_id": ready.unverified_id, "checker": "reader", "reasons": []}
        session.add(Check(**about, verdict="proved", said="[]"))
    page = clinician.get(page_of(ready) + f"?claim={ready.unverified_id}").text
    assert "0 of 1 flags decided; 1 read by the fact-checker" in page
    assert "The fact-checker read this sentence, and code found all of it in the cited rows." in page
    assert page.count('aria-label="Supported: read by the fact-checker, found in the rows by code"') == 1


def test_what_the_limits_left_out_is_counted_and_a_failed_report_shows_what_there_is(
    clinician: StaffBrowser, ready: ReadyReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence.gather_counted, "__defaults__", (evidence.Limits(visits=0, notes=0),))
    page = clinician.get(page_of(ready)).text
    assert "It did not have: older visits." in page
    with databases.write() as session:
        session.get_one(Report, ready.id).state = "failed"
    failed = clinician.get(f"/reports/{ready.id}").text
    assert f'href="{page_of(ready)}">See the 3 claims that it has</a>' in failed
    assert "HbA1c" in clinician.get(page_of(ready)).text


def test_a_reworded_claim_shows_what_it_said_and_why_it_was_flagged(
    clinician: StaffBrowser, ready: ReadyReport
) -> None:
    with databases.write() as session:
        session.get_one(Claim, ready.contradicted_id).replaced_by = ready.supported_id
    page = clinician.get(page_of(ready)).text
    assert "1 claim reworded by the drafter after a check" in page
    assert '<dt>First</dt><dd class="struck">HbA1c has fallen to 8.9 %.</dd>' in page
    assert "The cited values do not fall." in page.partition("reworded by the drafter")[2]


def test_what_is_left_out_is_listed_anew_after_each_decision(clinician: StaffBrowser, ready: ReadyReport) -> None:
    left_out = "is high and no claim states it"
    assert decide(clinician, ready, ready.unverified_id, "rejected", reason="Nobody said so.").status_code == 303
    assert left_out not in clinician.get(page_of(ready)).text
    assert decide(clinician, ready, ready.supported_id, "rejected", reason="Said twice.").status_code == 303
    assert left_out in clinician.get(page_of(ready)).text
    edited(clinician, ready, "HbA1c was 8.9 % on 12 November 2026, above the range.")
    assert left_out not in clinician.get(page_of(ready)).text


def test_what_is_no_decision_changes_nothing(clinician: StaffBrowser, ready: ReadyReport) -> None:
    for decision in ("", "signed"):
        assert decide(clinician, ready, ready.contradicted_id, decision).status_code == 422
    assert claim(ready.contradicted_id).decision is None


def test_signing_with_open_flags_is_refused_also_by_a_direct_post(clinician: StaffBrowser, ready: ReadyReport) -> None:
    assert "disabled" in clinician.get(page_of(ready)).text
    reply = sign(clinician, ready)
    assert reply.status_code == 409
    assert "Not signed. 2 flagged claims still to be decided." in reply.text
    assert state(ready.id) == ReportState.READY


def test_a_wrong_password_does_not_sign(clinician: StaffBrowser, ready: ReadyReport) -> None:
    decide_all(clinician, ready)
    reply = sign(clinician, ready, "wrong")
    assert reply.status_code == 422
    assert "That is not your password." in reply.text
    assert state(ready.id) == ReportState.READY


def test_a_row_that_changed_since_drafting_blocks_until_it_is_read_again(
    clinician: StaffBrowser, ready: ReadyReport
) -> None:
    decide_all(clinician, ready)
    with databases.write() as session:
        session.execute(update(Observation).values(value_number=9, version=2))
    reply = sign(clinician, ready)
    assert reply.status_code == 409
    assert f"observation:{ready.observation_id}" in reply.text
    assert clinician.post(f"/reports/{ready.id}/refresh", page=page_of(ready)).status_code == 303
    assert claim(ready.supported_id).flagged


def test_a_signed_report_shows_who_signed_what(clinician: StaffBrowser, ready: ReadyReport) -> None:
    decide_all(clinician, ready)
    assert sign(clinician, ready).status_code == 303
    page = clinician.get(page_of(ready)).text
    with databases.read(Store.HOT) as session:
        signature = session.scalars(select(Signature)).one()
    for words in (f"Signed by {clinician.account.name}", signature.content_hash, "the content is what was signed"):
        assert words in page, words
    assert "Draft, not signed" not in page
    assert 'name="decision"' not in page
    assert decide(clinician, ready, ready.supported_id, "rejected", reason="Late.").status_code == 409


def test_a_draft_is_rejected_with_a_reason(clinician: StaffBrowser, ready: ReadyReport) -> None:
    path = f"/reports/{ready.id}/reject"
    assert clinician.post(path, {"reason": " "}, page=page_of(ready)).status_code == 422
    assert clinician.post(path, {"reason": "Of no use."}, page=page_of(ready)).status_code == 303
    assert state(ready.id) == ReportState.REJECTED
    assert "Of no use." in clinician.get(page_of(ready)).text


def test_a_report_that_is_not_there_is_404_and_the_try_is_recorded(clinician: StaffBrowser) -> None:
    assert clinician.get("/reports/4711/review").status_code == 404
    reply = clinician.post("/reports/4711/sign", {"password": PASSWORD}, page="/patients/new")
    assert reply.status_code == 404
    with databases.read(Store.HOT) as session:
        denied = session.scalars(select(AccessEvent.target).where(AccessEvent.outcome == "deny")).all()
    assert denied == ["report:4711", "report:4711"]


def test_a_claim_of_another_report_can_not_be_decided_through_this_one(
    clinician: StaffBrowser, ready: ReadyReport
) -> None:
    with databases.write() as session:
        other = make_ready_report(session, make_patient(session, name="Lim"), clinician.account)
    assert decide(clinician, ready, other.contradicted_id, "rejected", reason="No.").status_code == 422
    assert claim(other.contradicted_id).decision is None


def test_a_signer_is_asked_to_look_again_and_answers(signed_in: Callable[[Role], StaffBrowser]) -> None:
    signer, other = signed_in(Role.CLINICIAN), signed_in(Role.CLINICIAN)
    with databases.write() as session:
        report = make_ready_report(session, make_patient(session), signer.account)
        about = (report.id, 1, signer.account.id)
        (notice,) = reports.notify_signers(session, [about], reason="Incident 7: please read it again", by=None)
    page = signer.get("/reports").text
    assert f"Look again at report {report.id}, which you signed" in page
    assert "Incident 7: please read it again" in page
    assert "Look again at report" not in other.get("/reports").text
    assert other.post(f"/reports/notices/{notice.id}/answer", page="/reports").status_code == 404
    assert signer.post(f"/reports/notices/{notice.id}/answer", page="/reports").status_code == 303
    assert "Look again at report" not in signer.get("/reports").text


def test_what_was_written_since_the_draft_is_ticked_before_it_is_signed(
    clinician: StaffBrowser, ready: ReadyReport, patient: Patient
) -> None:
    decide_all(clinician, ready)
    with databases.write() as session:
        make_prescription(session, patient, medication="Warfarin 5 mg tablet")
    page = clinician.get(page_of(ready)).text
    assert "1 row of the record is not as the drafter had it" in page
    assert "Warfarin 5 mg tablet" in page
    refused = sign(clinician, ready)
    assert refused.status_code == 409
    assert "Written since drafting" in refused.text
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found
    sent = {"password": PASSWORD, "seen": found[1]}
    assert clinician.post(f"/reports/{ready.id}/sign", sent, page=page_of(ready)).status_code == 303
    assert "I have seen 1 row written since the draft" in clinician.get(page_of(ready)).text
