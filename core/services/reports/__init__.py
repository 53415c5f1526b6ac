"""What people do to reports: request, decide, sign, reject, withdraw, retry."""

from core.services.reports.decisions import BadDecision, decide_claim, refresh_sources
from core.services.reports.halting import BadHalt, halt, halted, resume
from core.services.reports.lifecycle import IN_WORK, OPEN_STATES, NoSuchReport
from core.services.reports.notices import BadNotice, NoSuchNotice, answer_notice, notify_signers
from core.services.reports.requests import (
    AlreadyOpen,
    BadReplacement,
    amend,
    reject,
    request,
    retry_failed,
    take_back,
    withdraw,
)
from core.services.reports.restart import check_restart
from core.services.reports.seen_rows import UnseenRows
from core.services.reports.signing import (
    ChangedSinceShown,
    MadeFromHidden,
    NothingToSign,
    StaleSource,
    UndecidedClaims,
    WrongPassword,
    sign,
)

__all__ = [
    "IN_WORK",
    "OPEN_STATES",
    "AlreadyOpen",
    "BadDecision",
    "BadHalt",
    "BadNotice",
    "BadReplacement",
    "ChangedSinceShown",
    "MadeFromHidden",
    "NoSuchNotice",
    "NoSuchReport",
    "NothingToSign",
    "StaleSource",
    "UndecidedClaims",
    "UnseenRows",
    "WrongPassword",
    "amend",
    "answer_notice",
    "check_restart",
    "decide_claim",
    "halt",
    "halted",
    "notify_signers",
    "refresh_sources",
    "reject",
    "request",
    "resume",
    "retry_failed",
    "sign",
    "take_back",
    "withdraw",
]
