"""A file of a note, for the browser to keep and never to show: nobody knows what is in it."""

from __future__ import annotations

import logging

from flask import Response, g, request

from core.queries.attachments import attachment
from core.staging import attachments
from core.staging.contract import StagingError
from core.stores.archived import ColdUnavailable
from core.web.access import look, refuse
from core.web.htmx import render
from core.web.page_sessions import page_session

ACTION = "attachment.downloaded"

log = logging.getLogger(__name__)


def send(patient_id: int, note_id: int, number: int) -> Response:
    """The file, after the look is recorded; 404 and an audited refusal without one."""
    target = f"note:{note_id} file:{number}"
    hidden_visits = look(patient_id, ACTION, target)
    try:
        with page_session() as session:
            found = attachment(session, patient_id, note_id, number, hidden_visits)
    except ColdUnavailable:
        return render("shared/not_whole.html", status=503, again=request.path)
    if found is None:
        refuse(ACTION, target)
    try:
        content = attachments.read(patient_id, found)
    except StagingError as fault:
        log.warning("%s can't be sent: %s", target, fault)
        return render("shared/no_file.html", status=503, again=request.path)
    g.holds_foreign_file = True
    name = f"note-{note_id}-{number}.{attachments.ENDINGS[found.media]}"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype=found.media, headers=disposition)
