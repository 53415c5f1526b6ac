"""Forms that make one thing, however often they are sent: by its token, the ledger says what a form made."""

from __future__ import annotations

import hashlib

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.models import ImportedRow

FORM_SOURCE = "staff form"


class SavedBefore(Exception):
    """This form was saved before, with other content; `row_id` is the row that it made."""

    def __init__(self, row_id: int) -> None:
        super().__init__("this form was saved before")
        self.row_id = row_id


def hash_of(content: object) -> str:
    """The hash by which a form's content is told from other content."""
    return hashlib.sha256(repr(content).encode()).hexdigest()


def entry(session: Session, key: str, *, makes: str, content_hash: str) -> ImportedRow:
    """The ledger's line for a form; its `row_id` is 0 until the caller has made the row, of the kind `makes`.

    A second submission of the form waits here until the first has ended. Raises SavedBefore.
    """
    made = ImportedRow(source=FORM_SOURCE, source_key=key, ref_type=makes, row_id=0, content_hash=content_hash)
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        made = session.get_one(ImportedRow, (FORM_SOURCE, key))
        if made.row_id and made.content_hash != content_hash:
            raise SavedBefore(made.row_id) from None
    return made
