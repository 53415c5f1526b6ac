"""The check of one claim: each step accounts for part of its words, the last for all that is left."""

from collections.abc import Sequence
from datetime import date

from core.verification import (
    amounts,
    dating,
    frequency,
    instructions,
    links,
    names,
    order,
    people,
    ranges,
    rest,
    scope,
    spread,
    status,
    trend,
)
from core.verification.facts import Facts
from core.verification.reading import Reading
from core.verification.types import Claim, Finding, Result, Row, Verdict

CLAIM_CHARACTERS_MAX = 2_000


def check_claim(claim: Claim, rows: Sequence[Row], *, on: date | None = None) -> Result:
    """Judge a claim by its own words against the rows it cites.

    `rows` hold the cited rows and may hold others of the patient: those speak against a claim ("latest", sex, no
    allergies), never for it. `on` is the day that "ago" and a current age count from.
    """
    cited, uncited, faults = _sort(claim, rows)
    if faults or not claim.text.strip():
        return Result(faults[0].verdict if faults else Verdict.CANNOT_VERIFY, tuple(faults) or (_EMPTY,))
    if len(claim.text) > CLAIM_CHARACTERS_MAX:
        return Result(Verdict.CANNOT_VERIFY, (_TOO_LONG,))
    if instructions.is_instruction(claim.text):
        return Result(Verdict.CANNOT_VERIFY, (_NO_STATEMENT,))
    reading = Reading(claim, cited, uncited, on)
    names.check(reading)
    scope.mark(reading.tokens)
    people.check(reading)
    frequency.check(reading)
    borne = amounts.check(reading)
    dating.check(reading, borne)
    order.check(reading, borne)
    spread.check(reading, borne)
    trend.check(reading)
    ranges.check(reading)
    status.check(reading)
    links.check(reading)
    rest.check(reading)
    return Result(_verdict(reading), tuple(reading.findings))


_TOO_LONG = Finding(Verdict.CANNOT_VERIFY, f"The claim is longer than {CLAIM_CHARACTERS_MAX} characters.")
_NO_STATEMENT = Finding(Verdict.CANNOT_VERIFY, "The claim asks or tells somebody something; it states no fact.")
_NOTHING = Finding(Verdict.CANNOT_VERIFY, "The claim says nothing that a row could bear out.")
_EMPTY = Finding(Verdict.CANNOT_VERIFY, "The claim is empty.")


def _sort(claim: Claim, rows: Sequence[Row]) -> tuple[list[Facts], list[Row], list[Finding]]:
    by_ref = {row.ref: row for row in rows}
    faults = []
    if not claim.citations:
        faults.append(Finding(Verdict.NOT_ADDRESSED, "The claim cites no row."))
    for ref in claim.citations:
        if ref not in by_ref:
            faults.append(
                Finding(Verdict.CANNOT_VERIFY, f"The cited row {ref} is not among the rows supplied.", None, ref)
            )
        elif by_ref[ref].patient_id != claim.patient_id:
            faults.append(Finding(Verdict.CONTRADICTED, f"The cited row {ref} is of another patient.", None, ref))
    if faults:
        return [], [], faults
    mine = [row for row in by_ref.values() if row.patient_id == claim.patient_id]
    cited = [Facts(by_ref[ref]) for ref in dict.fromkeys(claim.citations)]
    return cited, [row for row in mine if row.ref not in claim.citations], []


def _verdict(reading: Reading) -> Verdict:
    """The strictest finding; where what the claim is about is in no row, nothing in them can contradict it."""
    found = {finding.verdict for finding in reading.findings}
    if not reading.findings and not reading.mentions:
        reading.findings.append(_NOTHING)
        return Verdict.CANNOT_VERIFY
    order = [Verdict.CONTRADICTED, Verdict.NOT_ADDRESSED, Verdict.CANNOT_VERIFY]
    if reading.missing:
        return Verdict.NOT_ADDRESSED
    return next((verdict for verdict in order if verdict in found), Verdict.SUPPORTED)
