"""National ids sealed, and found by a keyed hash.

Needs STRATA_FIELD_KEYS where patients have national ids. A patient's content hash no longer counts the number, so a
draft that cites the patient's own row says once that the row has changed.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from core.sealing import sealed

revision = "p0013"
down_revision = "p0012"
branch_labels = None
depends_on = None

ROWS_A_BATCH = 2_000
# Must stay as the rows were hashed, whatever becomes of the code: see core/sealing/stored_national_id.py.
PURPOSE = "national id"

PATIENT = sa.table(
    "patient",
    sa.column("id", sa.BigInteger),
    sa.column("national_id", sa.String),
    sa.column("national_id_sealed", sa.Text),
    sa.column("national_id_hash", sa.String),
)


def upgrade() -> None:
    op.add_column("patient", sa.Column("national_id_sealed", sa.Text(), nullable=True))
    op.add_column("patient", sa.Column("national_id_hash", sa.String(length=64), nullable=True))
    _convert("national_id", _sealed)
    op.create_unique_constraint(op.f("uq_patient_national_id_hash"), "patient", ["national_id_hash"])
    op.drop_constraint(op.f("uq_patient_national_id"), "patient", type_="unique")
    op.drop_column("patient", "national_id")


def downgrade() -> None:
    op.add_column("patient", sa.Column("national_id", sa.String(length=32), nullable=True))
    _convert("national_id_sealed", lambda value: {"national_id": sealed.open_sealed(value)})
    op.create_unique_constraint(op.f("uq_patient_national_id"), "patient", ["national_id"])
    op.drop_constraint(op.f("uq_patient_national_id_hash"), "patient", type_="unique")
    op.drop_column("patient", "national_id_hash")
    op.drop_column("patient", "national_id_sealed")


def _sealed(number: str) -> dict[str, str]:
    hashed = sealed.keyed_hash(number, purpose=PURPOSE)
    return {"national_id_sealed": sealed.seal(number), "national_id_hash": hashed}


def _convert(source: str, columns: Callable[[str], dict[str, str]]) -> None:
    connection, last = op.get_bind(), 0
    while True:
        query = sa.select(PATIENT.c.id, PATIENT.c[source]).where(PATIENT.c.id > last, PATIENT.c[source].is_not(None))
        rows = connection.execute(query.order_by(PATIENT.c.id).limit(ROWS_A_BATCH)).all()
        if not rows:
            return
        changes = [{"row_id": row_id, **columns(value)} for row_id, value in rows]
        values: dict[str, Any] = {name: sa.bindparam(name) for name in changes[0] if name != "row_id"}
        connection.execute(sa.update(PATIENT).where(PATIENT.c.id == sa.bindparam("row_id")).values(values), changes)
        last = rows[-1].id
