"""People outside an account's care whose names were shown to it, in a search or in place of a closed record.

Each search and each such page leaves one event; the trail is what is counted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import AccessEvent, utc_now
from core.queries.believed_events import BY_STAFF

SEARCHED, IDENTIFIED = "patient.searched", "patient.identified"
WINDOW = timedelta(hours=1)
OUTSIDE = "outside care "
IDS = re.compile(r"\b[0-9]{1,19}\b")
# A purpose has 400 characters, and an id up to 19 digits.
IDS_AT_ONCE = 18
ROWS_AT_ONCE = 5_000


def purposes(in_care: Collection[int], outside: Collection[int]) -> Iterator[str]:
    """What a search's event says of whom it showed: of a usual page one line, of very long numbers more."""
    both = " ".join(map(str, in_care)), " ".join(map(str, outside))
    whole = _told(*both)
    if len(whole) <= 400:
        yield whole
        return
    for ids, is_outside in ((list(in_care), False), (list(outside), True)):
        for start in range(0, len(ids), IDS_AT_ONCE):
            part = " ".join(map(str, ids[start : start + IDS_AT_ONCE]))
            yield _told("", part) if is_outside else _told(part, "")


def _told(in_care: str, outside: str) -> str:
    told = [f"in care {in_care}"] * bool(in_care) + [f"{OUTSIDE}{outside}"] * bool(outside)
    return ", ".join(told) or "nobody"


def shown_to(session: Session, account_id: int) -> frozenset[int]:
    """The patients outside its care who were shown to an account in the last hour."""
    return shown(session, utc_now() - WINDOW, account_id).get(account_id, frozenset())


def shown(session: Session, since: datetime, account_id: int | None = None) -> Mapping[int, frozenset[int]]:
    """The same for every account, or for one, since then, as the hot trail has it."""
    query = select(AccessEvent.account_id, AccessEvent.patient_id, AccessEvent.purpose).where(
        AccessEvent.at >= since, AccessEvent.action.in_((SEARCHED, IDENTIFIED)), AccessEvent.outcome == "allow",
        BY_STAFF,
    )  # fmt: skip
    if account_id is not None:
        query = query.where(AccessEvent.account_id == account_id)
    found: dict[int, set[int]] = defaultdict(set)
    for account, patient_id, purpose in session.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        if patient_id is not None:
            found[account or 0].add(patient_id)
        found[account or 0].update(map(int, IDS.findall((purpose or "").partition(OUTSIDE)[2])))
    return {account: frozenset(ids) for account, ids in found.items()}
