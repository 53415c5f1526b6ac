"""Reports as read: the worklist, one report for its reviewer, and what the patient sees."""

from core.queries.reports.made_by import MadeReport, made_by
from core.queries.reports.making import Making, making
from core.queries.reports.notices import NoticeView, open_notices
from core.queries.reports.review import patient_of, review
from core.queries.reports.signed_reports import SignedItem, SignedList, SignedReport, signed_for_patient, signed_report
from core.queries.reports.trace import BadTrace, trace, verify
from core.queries.reports.views import CitedRow, ClaimView, ReviewReport, summary_json
from core.queries.reports.worklist import WorkItem, item, open_for_patient, worklist

__all__ = [
    "BadTrace",
    "CitedRow",
    "ClaimView",
    "MadeReport",
    "Making",
    "NoticeView",
    "ReviewReport",
    "SignedItem",
    "SignedList",
    "SignedReport",
    "WorkItem",
    "item",
    "made_by",
    "making",
    "open_for_patient",
    "open_notices",
    "patient_of",
    "review",
    "signed_for_patient",
    "signed_report",
    "summary_json",
    "trace",
    "verify",
    "worklist",
]
