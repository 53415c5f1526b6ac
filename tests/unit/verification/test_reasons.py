"""Reasons are one sentence for a clinician: everyday names, units as people write them, no label of a terminology."""

from __future__ import annotations

from core.verification import Row
from tests.unit.verification.made_rows import check, condition, medicine, result

EGFR = result("Estimated glomerular filtration rate", 6.92, "mL/min/{1.73_m2}", "1994-05-21", 60, None, code="62238-1")
RED_CELLS = result("Erythrocytes [#/volume] in Blood", 3.92, "10*6/uL", "2024-12-30", 4.2, 5.4, code="789-8")
SYSTOLIC = result("Systolic blood pressure", 106.966, "mm[Hg]", "2026-05-31", code="8480-6")
DIASTOLIC = result("Diastolic blood pressure", 80.2775, "mm[Hg]", "2026-05-31", code="8462-4")
CO_AMOXICLAV = medicine("Amoxicillin 250 MG Oral Tablet", "2025-01-03", reason="Viral sinusitis (disorder)")
STROKE, FIBRILLATION = condition("Stroke", "1971-06-19"), condition("Atrial fibrillation", "1987-02-21")


def reason(text: str, *rows: Row) -> str:
    (only,) = check(text, *rows).reasons
    return only


def test_a_name_keeps_its_own_capitals() -> None:
    assert reason("eGFR was 69 on 21 May 1994.", EGFR) == "eGFR was 6.92 mL/min/1.73 m² on 21 May 1994."


def test_units_and_values_are_as_people_write_them() -> None:
    said = reason("Red cell count was 4.92 10*6/uL on 30 December 2024.", RED_CELLS)
    assert said == "Red cell count was 3.92 ×10⁶/µL on 30 December 2024."
    said = reason("BP was 115/80 mmHg on 31 May 2026.", SYSTOLIC, DIASTOLIC)
    assert said == "Blood pressure was 107/80.3 mmHg on 31 May 2026."


def test_what_a_medicine_is_for_has_no_label() -> None:
    said = reason("Amoxicillin 250 mg is taken for otitis media.", CO_AMOXICLAV)
    assert said == "The row gives “Viral sinusitis” for Amoxicillin 250 MG Oral Tablet."


def test_an_order_names_both_things_with_their_days() -> None:
    said = reason("Atrial fibrillation was recorded before the stroke.", FIBRILLATION, STROKE)
    assert "21 February 1987" in said
    assert "19 June 1971" in said
    assert "stroke" in said


def test_all_words_that_nobody_read_are_told_in_one_sentence() -> None:
    said = reason("Stroke, gingerly and zestfully.", STROKE)
    assert said == "No cited row was found to say “gingerly”, “zestfully”."
