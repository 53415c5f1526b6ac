"""The command beside a running demo."""

from __future__ import annotations

import json
from pathlib import Path

from tests.functional.conftest import RunningDemo

CASE = {
    "id": "c1",
    "rows": [
        {
            "ref": "observation:12",
            "type": "observation",
            "patient_id": 7,
            "fields": {"name": "Hemoglobin A1c", "code": "4548-4", "value": 8.9, "unit": "%",
                       "observed_at": "2026-05-03T02:10:00Z", "ref_low": 4.0, "ref_high": 6.0, "interpretation": "H"},
        }
    ],
    "claim": {"text": "HbA1c was 8.9 % on 3 May 2026.", "citations": ["observation:12"]},
    "patient_id": 7,
    "label": "supported",
    "error_type": None,
}  # fmt: skip


def test_archive_run(demo: RunningDemo) -> None:
    ended = demo.json("archive", "run", "--type", "log")
    assert set(ended) >= {"run_id", "type", "state", "selected", "staged", "verified", "released", "batches",
                          "failed_step", "reason", "seconds", "rows_per_second"}  # fmt: skip
    assert (ended["type"], ended["state"]) == ("log", "done")
    assert demo.json("archive", "status", "--type", "log")["run_id"] == ended["run_id"]


def test_report_request(demo: RunningDemo) -> None:
    report = demo.json("report", "request", "--patient", "3", "--wait")
    assert report["state"] == "ready"
    assert report["claims"]
    assert all(claim["citations"] for claim in report["claims"])
    assert report["model"] == "strata-offline-rules"
    assert demo.json("report", "show", str(report["id"]))["id"] == report["id"]


def test_eval_of_own_cases(demo: RunningDemo, tmp_path: Path) -> None:
    wrong = {**CASE, "id": "c2", "claim": {**CASE["claim"], "text": "HbA1c was 9.8 % on 3 May 2026."},
             "label": "contradicted", "error_type": "wrong_value"}  # type: ignore[dict-item]  # fmt: skip
    cases = tmp_path / "cases.jsonl"
    cases.write_text(f"{json.dumps(CASE)}\n{json.dumps(wrong)}\n")
    figures = demo.json("eval", "run", "factcheck", "--cases", str(cases))
    assert figures["cases"] == 2
    assert figures["false_flags"] == 0
    assert figures["by_error_type"]["wrong_value"].items() >= {"n": 1, "flagged": 1}.items()
    assert {result["id"]: result["flagged"] for result in figures["results"]} == {"c1": False, "c2": True}


def test_unknown_things_are_one_clear_line(demo: RunningDemo) -> None:
    for arguments, status in (
        (["report", "request", "--patient", "999999999"], 1),
        (["archive", "run", "--type", "nonsense"], 2),
        (["nonsense"], 2),
    ):
        ended = demo.strata(*arguments)
        assert ended.returncode == status, ended.stderr
        assert "Traceback" not in ended.stderr
        assert ended.stderr.strip()


def test_audit_holds(demo: RunningDemo) -> None:
    assert demo.json("audit", "verify")["faults"] == []
