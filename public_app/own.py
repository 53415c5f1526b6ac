"""Whose record this portal shows: that of the patient who signed in, and no other."""

from __future__ import annotations

from flask import abort, request

from core.stores.hot_and_archived import BadCursor, Cursor
from core.web.auth import current_account


def own_patient_id() -> int:
    """The patient to whom the signed-in account belongs; 403 if it belongs to none."""
    patient_id = current_account().patient_id
    if patient_id is None:
        abort(403)
    return patient_id


def place_in_list() -> Cursor | None:
    """Where in a list the page begins; 400 if the address names no place."""
    raw = request.args.get("after")
    if raw is None:
        return None
    try:
        return Cursor.parse(raw)
    except BadCursor:
        abort(400)
