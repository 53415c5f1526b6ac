"""Reviewing a report beside its sources: flags, decisions, own words, and what was read."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import select, update

from core.models import (
    AccessEvent,
    Check,
    Claim,
    Patient,
    Report,
)
from core.queries import evidence
from core.stores import databases
from core.stores.databases import Store
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.reviewing import claim, decide, page_of
from tests.ready_report import ReadyReport


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


@pytest.mark.parametrize("odd", [[{"kind": 5}], [["x"], None, 5]])
def test_reasons_that_are_no_texts_hide_no_review(clinician: StaffBrowser, ready: ReadyReport, odd: Any) -> None:
    """A worker that is taken may have written them."""
    with databases.write() as session:
        session.execute(update(Check).values(reasons=odd))
    assert clinician.get(page_of(ready)).status_code == 200
    assert all(
        clinician.get(f"{page_of(ready)}?claim={id}").status_code == 200
        for id in (ready.supported_id, ready.contradicted_id)
    )


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
