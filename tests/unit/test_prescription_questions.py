"""Before a medicine is ordered: an allergy, the same one taken already, and a dose beyond the usual are asked about."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.services.medicine_table import medicines
from core.services.prescription_questions import Ordered, daily_mg, questions


def asked(new: Ordered, *, allergies: tuple[str, ...] = (), current: tuple[Ordered, ...] = ()) -> str:
    return " ".join(questions(new, allergies=allergies, current=current))


@pytest.mark.parametrize(
    ("medication", "allergy", "words"),
    [
        ("Amoxicillin 500 mg", "Penicillin V", "allergy to Penicillin V, and Amoxicillin 500 mg is of the same class"),
        ("Amoxicillin 500 mg", "Penicillins", "of the same class (penicillin)"),
        ("Amoxicillin 500 mg", "Amoxicillin (substance)", "allergic to this"),
        ("Ibuprofen 400 mg", "Aspirin", "of the same class (NSAID)"),
        ("Bactrim", "Sulfamethoxazole / Trimethoprim", "allergic to this"),
        ("Panadol 500 mg", "Acetaminophen", "allergic to this"),
        ("Quinapril 10 mg", "quinapril", "allergic to this"),
    ],
)  # fmt: skip
def test_an_allergy_is_asked_about_by_substance_and_by_class(medication: str, allergy: str, words: str) -> None:
    assert words in asked(Ordered(medication), allergies=("Latex", allergy))


@pytest.mark.parametrize(
    ("medication", "allergy"),
    [
        ("Metformin 850 mg", "Penicillin V"),
        ("Cefalexin 500 mg oral capsule", "Penicillin V"),
        ("Amlodipine 5 MG Oral Tablet", "Allergy to substance (finding)"),
        ("Insulin glargine", "Shellfish"),
    ],
)
def test_another_allergy_is_not(medication: str, allergy: str) -> None:
    assert asked(Ordered(medication), allergies=(allergy,)) == ""


def test_the_same_medicine_and_another_of_its_class_are_asked_about() -> None:
    simvastatin = Ordered("Simvastatin 20 MG Oral Tablet", "1 tablet", "at night")
    same = asked(Ordered("simvastatin 40 mg"), current=(simvastatin,))
    assert same == "It is taken already: Simvastatin 20 MG Oral Tablet, 1 tablet, at night."
    assert "Another medicine of its class (statin)" in asked(Ordered("Atorvastatin 10 mg"), current=(simvastatin,))
    assert "taken already" in asked(Ordered("Quinapril 20 mg"), current=(Ordered("Quinapril 10 mg"),))
    assert asked(Ordered("24 HR Something new"), current=(Ordered("24 HR Another thing"),)) == ""


@pytest.mark.parametrize(
    ("one", "mg"),
    [
        (Ordered("Metformin 850 mg", "1 tablet", "twice a day"), "1700"),
        (Ordered("Paracetamol 500 mg", "two tablets", "every 6 hours"), "4000"),
        (Ordered("Levothyroxine", "100 micrograms", "daily"), "0.1"),
        (Ordered("Ibuprofen", "1,2 g", "2 x"), "2400"),
        (Ordered("Warfarin 5 mg", "half a tablet", ""), "2.5"),
        (Ordered("Aspirin 100 mg", "", "tds"), "300"),
        (Ordered("Insulin glargine", "10 units", "daily"), None),
    ],
)
def test_what_is_taken_in_a_day(one: Ordered, mg: str | None) -> None:
    assert daily_mg(one) == (Decimal(mg) if mg else None)


def test_a_dose_beyond_the_usual_is_asked_about_and_the_usual_is_not() -> None:
    words = asked(Ordered("Warfarin", "50 mg", "daily"))
    assert words == "50 mg in a day? An adult usually takes 10 mg of warfarin at most (source: BNF)."
    assert asked(Ordered("Warfarin", "10 mg", "daily")) == ""
    assert asked(Ordered("Paracetamol 500 mg", "2 tablets", "4 times a day")) == ""


def test_methotrexate_is_asked_about_unless_it_is_weekly() -> None:
    assert "Methotrexate each day? For all but cancer it is taken once a week" in asked(
        Ordered("Methotrexate 2.5 mg", "4 tablets", "daily")
    )
    assert "each day?" in asked(Ordered("Methotrexate 10 mg"))
    assert asked(Ordered("Methotrexate 2.5 mg", "6 tablets", "once a week")) == ""
    assert "50 mg in a week? An adult usually takes 30 mg" in asked(Ordered("Methotrexate", "50 mg", "weekly"))


def test_the_table_is_well_formed() -> None:
    known = medicines()
    assert len(known) > 80
    names = [name for one in known for name in one.names]
    assert len(names) == len(set(names))
    assert all(name == name.casefold() for name in names)
    assert all(one.source in {"BNF", "UK SmPC", "US label"} for one in known if one.most_mg)
    assert all(len(one.atc) == 7 and (one.most_mg is None or one.most_mg > 0) for one in known)
