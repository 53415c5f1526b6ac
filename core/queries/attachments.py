"""One file of a note, as the note's row names it, hot or archived."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.models import said
from core.queries.hidden_visits import NO_VISITS, VisitIds
from core.sources import find
from core.sources.references import row_ref
from core.staging.attachments import Attachment, named_in


def attachment(
    session: Session, patient_id: int, note_id: int, number: int, hidden_visits: VisitIds = NO_VISITS
) -> Attachment | None:
    """The file by its number, counted from 1; None of a note that is another's, hidden, in error, or has none.

    Raises ColdUnavailable.
    """
    ref = row_ref("note", note_id)
    found = find.rows(session, [ref]).get(ref)
    if found is None or found.values["patient_id"] != patient_id or found.values["visit_id"] in hidden_visits:
        return None
    files = named_in(said.read(found.values["said"]).get("attachments"))
    return files[number - 1] if 0 < number <= len(files) else None
