"""What notes say in full and clinicians in short; and what two halves of a note's sentence do not say together."""

from __future__ import annotations

import pytest

from core.verification import Verdict
from tests.unit.verification.made_rows import ANY_FLAG, check, note

CAST = "Cast off today. X-ray shows union. Full finger movement, wrist stiff. No sport until September. Hand warm."
CALF = (
    "Calf soft. ABPI 1.0 both legs. Exudate on both tonsils. Thyroid and coeliac screen negative. HIV screen positive."
)
HOME = (
    "Daughter has power of attorney. Physiotherapy referral sent. Not missed a session since August. Urate at target."
)


@pytest.mark.parametrize(
    ("text", "of_note"),
    [
        ("Wrist stiff.", CAST),
        ("ABPI 1.0 bilaterally.", CALF),
        ("Thyroid & coeliac screens neg.", CALF),
        ("Daughter has POA.", HOME),
        ("Physio referral sent.", HOME),
        ("No missed sessions since Aug.", HOME),
        ("Urate at target.", HOME),
        ("No sport until Sept.", CAST),
    ],
)
def test_short_forms_of_what_a_note_says_are_proved(text: str, of_note: str) -> None:
    assert check(text, note(of_note, "2024-08-10")).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("text", "of_note"),
    [
        ("Full wrist movement.", CAST),
        ("Finger stiff.", CAST),
        ("ABPI 0.6 bilaterally.", CALF),
        ("Thyroid & coeliac screens pos.", CALF),
        ("HIV screen neg.", CALF),
        ("Daughter has no POA.", HOME),
        ("No missed sessions since June.", HOME),
        ("Urate not at target.", HOME),
        ("No sport until August.", CAST),
    ],
)
def test_the_same_with_one_thing_wrong_is_not(text: str, of_note: str) -> None:
    assert check(text, note(of_note, "2024-08-10")).verdict in ANY_FLAG


def test_a_month_at_the_end_of_a_sentence_leaves_the_next_one_its_own() -> None:
    told = note("No flares since June. Rash on both arms in Aug. 2023 and itching.", "2024-08-10")
    assert check("Rash on both arms in August 2023.", told).verdict is Verdict.SUPPORTED
    assert check("No rash on both arms.", told).verdict in ANY_FLAG


EXAM = "No fever, chest clear, calf soft. No rash, cough or swelling. DVT unlikely (Wells 0). No oedema, well."


@pytest.mark.parametrize("text", ["Chest clear.", "Calf soft.", "No fever.", "No cough.", "Wells 0.", "No swelling."])
def test_a_negation_ends_where_a_part_of_the_body_is_well(text: str) -> None:
    assert check(text, note(EXAM)).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    "text", ["Cough.", "Swelling.", "Chest not clear.", "Fever.", "Wells 2.", "DVT.", "Calf not soft."]
)
def test_what_is_denied_or_doubted_stays_so(text: str) -> None:
    assert check(text, note(EXAM)).verdict in ANY_FLAG
