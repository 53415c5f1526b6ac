"""Vaccines that cited notes say were given: which, on which days, how often and how far apart."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from core.verification.grammar import vaccinations
from tests.unit.verification.made_rows import check, note, row

GIVEN = (
    "## Plan\nPatient was given the following immunizations: {}. \nThe following procedures were conducted:\n- review"
)
COVID = "sars-cov-2 (covid-19) vaccine, mrna, spike protein, lnp, preservative free, 30 mcg/0.3ml dose"
FLU = "influenza, seasonal, injectable, preservative free"
TWO = [note(GIVEN.format(COVID), day) for day in ("2024-03-01", "2024-03-22")]
YEARLY = [note(GIVEN.format(FLU), day) for day in ("2023-10-02", "2024-10-07")]
CHILD = [
    note(GIVEN.format("hib (prp-omp), rotavirus, monovalent, ipv, dtap, pneumococcal conjugate pcv 13"), "2024-06-05"),
    row("visit", description="Well child visit (procedure)", **{"class": "AMB"}, started_at="2024-06-05T09:00:00Z"),
]
FLAGGED = Verdict.NOT_ADDRESSED


@pytest.mark.parametrize(
    ("text", "rows", "is_borne"),
    [
        ("Two Covid jabs three weeks apart, 1/3 and 22/3/24.", TWO, True),
        ("COVID vaccine doses 1 March and 22 March 2024, 3 weeks apart.", TWO, True),
        ("Three Covid jabs in March 2024.", TWO, False),
        ("Two Covid jabs six weeks apart, 1/3 and 22/3/24.", TWO, False),
        ("Covid vaccine 1 March and 29 March 2024.", TWO, False),
        ("No Covid vaccine in March 2024.", TWO, False),
        ("Covid vaccine declined 1 March 2024.", TWO, False),
        ("Covid vaccine due March 2024.", TWO, False),
        ("Flu jab given Oct 2023 and again Oct 2024.", YEARLY, True),
        ("Flu and Covid jabs given Oct 2023.", YEARLY, False),
        ("Flu jab given Oct 2023 and again Nov 2024.", YEARLY, False),
        ("Flu in Oct 2023.", YEARLY, False),
        ("Had DTaP, IPV, Hib, rotavirus and PCV13 at the June well-child visit.", CHILD, True),
        ("Had MMR and DTaP at the June well-child visit.", CHILD, False),
        ("Had DTaP, IPV, Hib, rotavirus and PCV13 at the July well-child visit.", CHILD, False),
        ("Imms 5/6/24: DTaP, IPV, rotavirus.", CHILD, True),
        ("Imms 5/6/24: DTaP, PPV23.", CHILD, False),
    ],
)
def test_what_a_note_says_was_given(text: str, rows: list[Row], is_borne: bool) -> None:
    found = check(text, *rows).verdict

    assert (found is Verdict.SUPPORTED) is is_borne
    assert found is not Verdict.CONTRADICTED


@pytest.mark.parametrize(
    ("text", "vaccines"),
    [
        ("Patient was given flu vaccine today.", {"influenza"}),
        ("Flu jab given.", {"influenza"}),
        ("Patient was not given flu vaccine.", set()),
        ("Leaflet about flu vaccine given.", set()),
        ("Paracetamol given. Flu vaccine discussed.", set()),
        ("Analgesia was given for flu.", set()),
        ("Flu vaccine given last year.", set()),
        ("Flu vaccine given on 3 May 2021.", set()),
        ("Family history: mother was given flu vaccine.", set()),
    ],
)
def test_the_vaccines_of_a_note(text: str, vaccines: set[str]) -> None:
    assert vaccinations.given(text) == vaccines
