"""What a clinician is asked before it counts: a medicine that surprises, and a record that went on after the draft."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text

from tests.functional.conftest import RunningDemo
from tests.functional.hostile_rows import wait_until_replayed
from tests.functional.test_corrections import open_chart, save_visit
from tests.functional.test_pages import PHONE, faults_of
from tests.functional.test_story import decide_flags, request_report, sign
from tests.functional.test_take_away import name_of

SignIn = Callable[..., Page]
WHY = "The kidney clinic asked for it."


def order(page: Page, chart: str, medicine: str, dose: str, frequency: str) -> None:
    """Fill a visit's form with one medicine and press the button."""
    page.goto(f"{chart}/visits/new")
    page.get_by_label("What the visit is for").fill("Medicine review")
    page.locator("#prescriptions-0-medication").fill(medicine)
    page.locator("#prescriptions-0-dose").fill(dose)
    page.locator("#prescriptions-0-frequency").fill(frequency)
    save(page)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save the visit").last.click()


@pytest.mark.timeout(300)
def test_a_medicine_that_surprises_is_asked_about_and_the_answer_is_on_record(
    demo: RunningDemo, sign_in: SignIn
) -> None:
    patient, clinician = sign_in("patient1"), sign_in("clinician", viewport=PHONE, java_script_enabled=False)
    chart = open_chart(clinician, demo, name_of(patient))
    question = clinician.locator("#prescriptions-0-override-fault")

    # Given a dose that is four times the usual, when it is corrected, then nothing more is asked.
    order(clinician, chart, "Paracetamol 500 mg tablet", "8 tablets", "four times a day")
    expect(question).to_contain_text(
        "16000 mg in a day? An adult usually takes 4000 mg of paracetamol at most (source: BNF)."
    )
    expect(clinician.get_by_text("no clinician has reviewed it").first).to_be_visible()
    clinician.locator("#prescriptions-0-dose").fill("1 tablet")
    save(clinician)
    expect(clinician.get_by_text("The visit is saved.")).to_be_visible()

    # Given that it is taken now, when it is ordered again, then the answer is kept and the patient can read it.
    order(clinician, chart, "Panadol", "2 tablets", "once a day")
    expect(question).to_contain_text("It is taken already: Paracetamol 500 mg tablet")
    save(clinician)
    expect(question).to_be_visible()
    clinician.get_by_label("Why it is right").fill(WHY)
    save(clinician)
    expect(clinician.get_by_text("The visit is saved.")).to_be_visible()
    assert faults_of(sign_in("clinician", viewport=PHONE), clinician.url) == []
    patient.goto(f"{demo.public_url}/privacy")
    expect(patient.get_by_role("main")).to_contain_text("Ordered a medicine that had been asked about")
    expect(patient.get_by_role("main")).to_contain_text(WHY)


@pytest.mark.timeout(300)
def test_a_draft_that_the_record_has_outrun_is_not_signed_unseen(demo: RunningDemo, sign_in: SignIn) -> None:
    clinician, beside = sign_in("clinician"), sign_in("clinician", java_script_enabled=False)
    name = name_of(sign_in("patient1"))
    chart = open_chart(beside, demo, name)
    request_report(clinician, demo, name)
    decide_flags(clinician)
    expect(clinician.locator("#since")).to_have_count(0)

    # Given a medicine that was ordered after the draft was made.
    order(beside, chart, "Salbutamol inhaler", "2 puffs", "as needed")
    expect(beside.get_by_text("The visit is saved.")).to_be_visible()

    # When the clinician signs without a look at it, then the report is not signed.
    clinician.reload()
    since = clinician.locator("#since")
    expect(since).to_contain_text("Salbutamol inhaler")
    assert faults_of(clinician, clinician.url) == []
    clinician.get_by_label("Your password").fill(demo.passwords["clinician"])
    clinician.get_by_role("button", name="Sign the report").click()
    expect(since).to_be_visible()
    expect(clinician.get_by_role("heading", name=re.compile("^Signed by"))).to_have_count(0)

    # When each row is ticked, then it is.
    for row in since.get_by_role("checkbox").all():
        row.check()
    sign(clinician, demo)


def an_hour_passes(demo: RunningDemo) -> None:
    """Since everybody's last look: looks of half an hour are one sitting."""
    engine = create_engine(demo.env["STRATA_PRIMARY_URL"])
    with engine.begin() as primary:
        primary.execute(text("UPDATE last_look SET looked_at = looked_at - interval '1 hour'"))
    engine.dispose()
    wait_until_replayed(demo.env["STRATA_PRIMARY_URL"], demo.env["STRATA_REPLICA_URL"])


@pytest.mark.timeout(300)
def test_who_comes_back_is_told_first_what_came_since(demo: RunningDemo, sign_in: SignIn) -> None:
    # Given a patient and a clinician who have looked at a record, and a visit that was written after that.
    patient, clinician = sign_in("patient2"), sign_in("clinician", viewport=PHONE)
    chart = open_chart(clinician, demo, name_of(patient))
    save_visit(sign_in("clinician", java_script_enabled=False), chart, "1.6")
    an_hour_passes(demo)

    # When they come back, then what is new comes first: the result outside its range, then the visit.
    for page, address in ((clinician, chart), (patient, f"{demo.public_url}/history")):
        assert faults_of(page, address, "light", "dark") == []
        news = page.get_by_role("region", name=re.compile("^New since you last looked, on"))
        expect(news.get_by_role("listitem").first).to_contain_text(
            re.compile(r"Creatinine\s+1.6\s+mg/dL\s+outside its range")
        )
        expect(news).to_contain_text("Kidney check")
