"""A slice of time: the visits of all patients in it, with what belongs to them, loaded in the order of time."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

from core.interchange.generate import looks as made_up
from core.interchange.generate import marks
from core.interchange.generate.chart_lines import TABLES
from core.interchange.generate.chunk import STATEMENT_TIMEOUT_SECONDS
from core.interchange.generate.copy_columns import COLUMNS, blocks
from core.interchange.generate.laid import Slice
from core.interchange.generate.looks import Looked, Looks
from core.interchange.generate.marks import Phase
from core.models import Base
from core.stores import databases

# With what a visit's line begins, and where it names who saw the patient. Of one instant, the order is that of people.
INSTANT = itemgetter(slice(len("2026-11-30 09:15:00+00")))
PRACTITIONER = 3


class Placed:
    """The rows of a slice by table, and the visits at which somebody looks."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {"visit": [], **{table: [] for table in TABLES.values()}}
        self.looked: list[Looked] = []


def place(visits: Iterable[str], first_id: int, looks: Looks) -> Placed:
    """Give visits their ids, in the order of time, and say who looks at them."""
    placed = Placed()
    add = {letter: placed.lines[table].append for letter, table in TABLES.items()}
    add_visit = placed.lines["visit"].append
    for visit_id, visit in enumerate(sorted(visits, key=INSTANT), first_id):
        line, *children = visit.split("\n")
        at, rest = line.split("\t", 1)
        patient_id = rest.split("\t", 1)[0]
        add_visit(f"{visit_id}\t{rest}\n")
        begins = f"{patient_id}\t{visit_id}\t"
        for child in children:
            add[child[0]](f"{begins}{child[1:]}\n")
        if looks.count:
            who = looks.names[line.split("\t", PRACTITIONER + 1)[PRACTITIONER]]
            placed.looked.append(Looked(at, int(patient_id), visit_id, who))
    return placed


def load(generation_id: int, of: Slice, visits: Iterable[str], looks: Looks) -> dict[str, int]:
    """Load a slice with its mark and the looks at it, all or nothing; gives the rows by table."""
    loading = databases.current().adapter.loading
    with databases.write(STATEMENT_TIMEOUT_SECONDS) as session:
        connection = session.connection()
        placed = place(visits, loading.reserve_ids(connection, "visit", of.visits), looks)
        loaded = {
            table: loading.copy_in(connection, Base.metadata.tables[table], COLUMNS[table].split(), blocks(lines))
            for table, lines in placed.lines.items()
            if lines
        }
        loaded["access event"] = made_up.load(session, looks, placed.looked)
        marks.note(session, generation_id, Phase.VISITS, of.number)
    return loaded
