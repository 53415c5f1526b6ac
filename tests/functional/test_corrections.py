"""A typo is questioned, corrected, and right everywhere; what another system remarked stands beside its rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import interchange_files as files
from tests.fhir_cases import about, measured, order
from tests.functional.conftest import RunningDemo
from tests.functional.test_pages import PHONE, faults_of
from tests.functional.test_story import decide_flags, request_report, sign

SignIn = Callable[..., Page]
TEST = re.compile(r"^Creatinine, mg/dL")
WHY = "The decimal point was left out."


def open_chart(page: Page, demo: RunningDemo, name: str) -> str:
    """The chart's address."""
    page.goto(f"{demo.staff_url}/patients")
    page.get_by_label("Name, number, NRIC or birth date").fill(name)
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.get_by_role("link", name=name).first.click()
    expect(page.get_by_role("heading", name="Chart")).to_be_visible()
    return page.url.partition("?")[0]


def save_visit(page: Page, chart: str, value: str) -> None:
    """A visit with one creatinine, in the middle of being asked about it."""
    page.goto(f"{chart}/visits/new")
    page.get_by_label("What the visit is for").fill("Kidney check")
    choice = page.locator("#observations-0-assay option").filter(has_text=TEST).first
    page.locator("#observations-0-assay").select_option(choice.get_attribute("value"))
    page.locator("#observations-0-value").fill(value)
    page.get_by_role("button", name="Save the visit").last.click()


@pytest.mark.timeout(300)
def test_a_typo_is_questioned_corrected_and_right_everywhere(demo: RunningDemo, sign_in: SignIn) -> None:
    patient, clinician = sign_in("patient1"), sign_in("clinician", java_script_enabled=False)
    name = patient.locator(".who").inner_text().split("Sign out")[0].strip(" ·\n")
    chart = open_chart(clinician, demo, name)

    # Given a typo that its writer confirms in haste.
    save_visit(clinician, chart, "13")
    expect(clinician.get_by_text(re.compile(r"13 mg/dL\?")).first).to_be_visible()
    clinician.get_by_label("13 is right").check()
    clinician.get_by_role("button", name="Save the visit").last.click()
    row = clinician.get_by_role("row").filter(has_text="Creatinine")
    expect(row).to_contain_text("13 mg/dL")

    # When the writer corrects it.
    row.get_by_role("link", name=re.compile("^Correct")).click()
    clinician.get_by_label(re.compile("^Value")).fill("1.3")
    clinician.locator("#edit_why").fill(WHY)
    clinician.get_by_role("button", name="Save the correction").click()

    # Then staff see both, the old one struck through; all else shows the right one alone.
    expect(row).to_contain_text("1.3 mg/dL")
    expect(row.locator("del")).to_have_text("13")
    expect(row).to_contain_text(WHY)
    clinician.goto(clinician.url.partition("#")[0])
    row.get_by_role("link", name="Creatinine", exact=True).click()
    trend = clinician.get_by_role("main")
    expect(trend.get_by_role("row").nth(1)).to_contain_text("1.3 mg/dL")
    assert "13 mg/dL" not in re.sub(r"\s+", " ", trend.inner_text())

    assert faults_of(patient, f"{demo.public_url}/results") == []
    newest = patient.get_by_role("main")
    expect(newest).to_contain_text("1 result was corrected on")
    assert not re.search(r"\b13\s+mg/dL", newest.inner_text())
    assert re.search(r"\b1\.3\s", newest.inner_text())

    drafting = sign_in("clinician")
    request_report(drafting, demo, name)
    claims = " ".join(drafting.locator("ol.claims a[data-row]").all_inner_texts())
    assert "1.3 mg/dL" in claims
    assert not re.search(r"\b13 mg/dL", claims)
    # Another can be asked for only when this one is done with.
    decide_flags(drafting)
    sign(drafting, demo)


@pytest.mark.timeout(300)
def test_a_result_is_entered_in_error_on_a_phone_and_put_back(demo: RunningDemo, sign_in: SignIn) -> None:
    patient, clinician = sign_in("patient2"), sign_in("clinician", viewport=PHONE, java_script_enabled=False)
    name = patient.locator(".who").inner_text().split("Sign out")[0].strip(" ·\n")
    chart = open_chart(clinician, demo, name)
    save_visit(clinician, chart, "1.1")
    confirm = clinician.get_by_label("1.1 is right")
    if confirm.count():
        confirm.check()
        clinician.get_by_role("button", name="Save the visit").last.click()
    row = clinician.get_by_role("row").filter(has_text="Creatinine")
    row.get_by_role("link", name=re.compile("^Correct")).click()
    clinician.get_by_role("button", name="Mark as entered in error").click()
    expect(clinician.get_by_text("There is a problem")).to_be_visible()
    clinician.locator("#error_why").fill("It is of another patient.")
    clinician.get_by_label("This is the result that I mean").check()
    clinician.get_by_role("button", name="Mark as entered in error").click()
    expect(row.locator("del")).to_contain_text("1.1")
    link = row.get_by_role("link", name=re.compile("^Correct")).get_attribute("href")
    # What looks for faults is a script.
    seeing = sign_in("clinician", viewport=PHONE)
    for address in (clinician.url.partition("#")[0], f"{demo.staff_url}{link}"):
        assert faults_of(seeing, address) == []

    patient.goto(f"{demo.public_url}/results")
    expect(patient.get_by_role("main")).to_contain_text("1 result was taken out")

    row.get_by_role("link", name=re.compile("^Correct")).click()
    clinician.locator("#undo_why").fill("It was right after all.")
    clinician.get_by_role("button", name="Let it count again").click()
    expect(row.locator("b")).to_contain_text("1.1")
    patient.reload()
    expect(patient.get_by_role("main")).not_to_contain_text("taken out")


REMARKED = ("Itches at night", "Only with milk", "Stopped in May", "Haemolysed")


def remarked() -> list[dict[str, Any]]:
    """A person of another system, each of whose rows has a remark."""
    whom = {"reference": f"urn:uuid:{files.OTHER}"}
    rows = (
        about("Condition", id="r1", code={"text": "Eczema"}),
        about("AllergyIntolerance", id="r2", code={"text": "Nuts"}, patient=whom),
        order(id="r3"),
        measured(id="r4"),
    )
    notes = [[{"text": f"{words} <b>"}] for words in REMARKED]
    told = (row | {"subject": whom, "note": note} for row, note in zip(rows, notes, strict=True))
    return [files.fhir_patient(files.OTHER, name=[{"text": "Remy Marked"}]), *told]


@pytest.mark.timeout(300)
def test_what_another_system_remarks_stands_beside_its_row(demo: RunningDemo, sign_in: SignIn, tmp_path: Path) -> None:
    ended = demo.strata("import", "fhir", str(files.bundle(tmp_path, *remarked())))
    assert ended.returncode == 0, ended.stderr
    clinician = sign_in("clinician", java_script_enabled=False)
    open_chart(clinician, demo, "Remy Marked")
    chart = clinician.get_by_role("main")
    for words in REMARKED[:3]:
        expect(chart.get_by_text(f"{words} <b>").first).to_be_visible()
    clinician.get_by_role("link", name="Potassium").first.click()
    expect(clinician.get_by_role("main").get_by_text(f"{REMARKED[3]} <b>").first).to_be_visible()
