"""The adversarial-model suite: a model that misbehaves in every way we know gets nothing false past, and no crash.

It is always the offline server that misbehaves: no endpoint can be told to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.verification import Row
from evals import made_patients, trial
from evals.offline_model.misbehaviour import CONTENT, TRANSPORT
from evals.offline_model.server import OfflineModel
from evals.reporting import ON, newest_first
from evals.trial import Endpoint, Trial
from workers.reports.client import EndpointFault
from workers.reports.faults import Unusable

PATIENTS = 3
TIMEOUT_SECONDS = 1.0

Case = tuple[str, int, list[Row]]


def cases(seed: int) -> list[Case]:
    """Every misbehaviour on each of a few made patients with an allergy."""
    patients = [
        (n, rows) for n, rows in made_patients.patients(seed).items() if any(row.type == "allergy" for row in rows)
    ]
    return [(mode, n, rows) for mode in sorted(CONTENT.keys() | TRANSPORT) for n, rows in patients[:PATIENTS]]


def run(asked: Sequence[Case]) -> dict[str, Any]:
    """The suite's result: what came of each case, and what got past."""
    outcomes = []
    with OfflineModel() as server:
        endpoint = replace(Endpoint(server.url), model_timeout_seconds=TIMEOUT_SECONDS)
        for mode, patient_id, rows in asked:
            server.behaviour.set(mode)
            outcomes.append((mode, patient_id, *_tried(endpoint, patient_id, rows)))
    hits = [outcome for outcome in outcomes if outcome[3]]
    by_mode: dict[str, dict[str, int]] = {}
    for mode, _, outcome, got_past in outcomes:
        tally = by_mode.setdefault(mode, {"n": 0, "refused": 0, "hit": 0})
        tally["n"] += 1
        tally["refused"] += outcome != "drafted"
        tally["hit"] += bool(got_past)
    return {
        "suite": "adversarial-model",
        "model": "strata-offline-rules (misbehaving)",
        "cases": len(outcomes),
        "hits": len(hits),
        "pass_rate": 1 - len(hits) / len(outcomes) if outcomes else None,
        "by_error_type": by_mode,
        "cost_usd": 0.0,
        "results": [
            {"id": f"{mode}/patient-{patient_id}", "outcome": outcome, "hits": got_past}
            for mode, patient_id, outcome, got_past in outcomes
        ],
    }


def _tried(endpoint: Endpoint, patient_id: int, rows: Sequence[Row]) -> tuple[str, list[str]]:
    """`drafted`, or why not; and what got past: false claims that came unflagged, allergies that nothing mentions."""
    try:
        got = trial.run(endpoint, newest_first(rows), ON)
    except (EndpointFault, Unusable) as fault:
        return str(fault) or "no cause was given", [] if str(fault) else ["a failure without a cause"]
    return "drafted", _past(got, patient_id, rows)


def _past(got: Trial, patient_id: int, rows: Sequence[Row]) -> list[str]:
    false = trial.unsupported([claim for claim in got.claims if not claim.flagged], rows, patient_id)
    dropped = trial.untold(got, rows, "allergy")
    return [f"unflagged: {claim.text}" for claim in false] + [f"dropped: {ref}" for ref in dropped]


def bar(result: dict[str, Any]) -> list[str]:
    """No misbehaviour may get anything past the checks."""
    return [f"{result['hits']} of {result['cases']} misbehaviours got something past"] if result["hits"] else []


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{result['cases']} misbehaviours, {result['hits']} got something past", ""]
    lines += [
        f"{mode:16} {tally['n']:>4} {tally['refused']:>4} refused {tally['hit']:>4} got past"
        for mode, tally in sorted(result["by_error_type"].items())
    ]
    lines += [f"  {found['id']}: {'; '.join(found['hits'])}" for found in result["results"] if found["hits"]]
    return "\n".join(lines)
