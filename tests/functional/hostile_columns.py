"""Every column that people, files or models fill, and the hostile text that is planted there."""

from __future__ import annotations

from sqlalchemy import JSON, String

from core.models import Base

# What is planted, with the number of its column for @, so that what got loose says where from.
KINDS = {
    "script": "<script>bad=@</script>",
    "image": "<img src=/bad/@ onerror=bad=@>",
    "out of double quotes": '@" autofocus onfocus=bad=@ x="',
    "out of single quotes": "@' autofocus onfocus=bad=@ x='",
    "out of a tag": '"><svg onload=bad=@>',
    "address": "javascript:bad=@",
    "htmx": "<b hx-get=/bad/@ hx-trigger=load hx-on:click=bad=@>",
    "template": "{{7*7}}${7*@}{%raw%}",
    "out of a field": "</textarea><script>bad=@</script>",
    "out of a comment": "--><script>bad=@</script><!--",
    "no date": "2026-13-45T99:99:99Z",
}

# Columns that only our own code fills, with words it acts by: no text of others gets there.
OURS = {
    "access_event.actor_role", "access_event.outcome", "account.role", "credential.password_hash",
    "credential.totp_secret", "set_up_code.code_hash",
    "agent_setup.state", "allergy.status", "archive_run.kind", "archive_run.record_type", "archive_run.state",
    "batch.failed_step", "batch.kind", "batch.record_type", "batch.state", "citation.ref", "claim.decision",
    "claim.verdict", "claim_check.verdict", "condition.status", "correction.kind",
    "correction.row_type", "eval_run.suite", "evidence.ref", "evidence.store",
    "generation.asked", "generation.token", "generation_part.phase",
    "holding.record_type", "holding.server", "holding_sum.record_type", "late_root.record_type",
    "load_figure.name", "outlier_line.kind",
    "load_figure.source", "load_figure.span", "omission.ref", "patient.sex", "prescription.status", "report.state",
    "report_event.from_state", "report_event.to_state", "restored_root.record_type", "schedule_mark.name",
    "recovery_code.code_hash", "sensitive_visit.category", "sign_in.portal",
    "sign_in.token_hash", "statement.kind", "step.name", "step.state", "switch.name", "visit.status",
    "visit_tie.tie",
}  # fmt: skip
# Left alone: no page shows them, and what keeps or proves the running demo would break.
ASIDE = {
    "access_event.hash", "access_event.previous_hash", "access_event.writer", "agent_setup.changed_by",
    "agent_setup.checker_model", "agent_setup.drafter_model", "agent_setup.prompt_version", "agent_setup.reason",
    "chain_head.hash", "chain_head.writer", "kept_head_set.hash", "eval_run.figures",
    "imported_row.content_hash", "imported_row.ref_type",
    # What it says is on the trail.
    "glass_break.reason",
    "imported_row.source", "imported_row.source_key", "outbox_message.arguments", "outbox_message.queue",
    "outbox_message.task", "passkey.credential_id", "passkey.public_key", "patient.national_id_hash",
    "reference_range.sex",
    # Of what is in them, pages show what is in those of other tables too.
    "allergy.said", "prescription.said", "statement.said", "visit.said", "claim_check.said",
}  # fmt: skip
ASIDE_SAID = {name for name in ASIDE if name.endswith(".said")}
# Planted, but shown nowhere, masked, or in other words.
NOT_SHOWN = {
    "access_event.request_id", "allergy.category", "allergy.code", "allergy.criticality", "allergy.severity",
    "assay.category", "assay.name", "assay.system",
    "citation.content_hash", "clinic.address", "condition.code", "erasure.reason",
    "eval_run.model", "eval_run.prompt_version", "evidence.content_hash", "model_call.finish_reason",
    "model_call.provider", "model_call.requested_model", "observation.unit", "patient.national_id_sealed",
    "practitioner.speciality", "prescription.code", "prescription.route", "report.checker_model",
    "signature.evidence_hash", "signature.proof", "visit.class_code",
}  # fmt: skip
# A unit's annotation in braces is left out.
NOT_SHOWN_AS = {"template": {"assay.unit"}}
# One for all: the report loop can be halted once.
HALTED = {"switch.reason": " ".join(KINDS.values()), "switch.changed_by": KINDS["script"]}


def columns_with_text() -> list[str]:
    """Every column of every table that can hold text, as `table.column`."""
    return [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String | JSON)
    ]


COLUMNS = columns_with_text()
