"""`strata archive compact`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from commands.archive.group import group, record_type_option
from core.engines import EngineError, words_of
from core.engines.compaction import Room, Way
from core.install.database_roles import DatabaseRole
from core.models import ArchiveRun, RunState, utc_now
from core.models.record_types import RECORD_TYPES
from core.stores import databases
from core.stores.databases import Store

MEGABYTE = 1 << 20
# A table of which less is empty is left as it is.
SPARE_SHARE_MIN, SPARE_BYTES_MIN = 0.2, MEGABYTE
# Until a table has told better: as slow as a disk that also serves pages.
BYTES_A_SECOND = 40 * MEGABYTE


@group.command()
@record_type_option
@click.option("--way", "way_name", help="How; the way that stops least, unless given.")
@click.option("--all", "takes_all", is_flag=True, help="Also tables that have little to give back.")
@click.option("--yes", is_flag=True, help="Do it; else only say what it would lock, and for how long.")
def compact(record_type: str | None, way_name: str | None, takes_all: bool, yes: bool) -> None:
    """Give the room of rows that were moved back to the primary's disk, and say how much that was.

    Tables that are done stay done, whenever it ends. It keeps to the hours of STRATA_ARCHIVE_WINDOW.
    """
    kinds = [record_type] if record_type else list(RECORD_TYPES)
    tables = [table.name for kind in kinds for table in RECORD_TYPES[kind].tables]
    with databases.write_at_once() as connection:
        _check(connection, kinds)
        way = _way(connection, way_name)
        chosen = _choose(connection, tables, takes_all=takes_all)
        if not yes:
            click.echo("nothing was done: add --yes to do it" if chosen else "nothing to give back: --all takes all")
            click.echo(f"{way.name} locks {way.locks}")
            return
        _compact_all(connection, chosen, way)


def _check(connection: Connection, kinds: Sequence[str]) -> None:
    """Rows that a run has staged must not get other places meanwhile; only the owner may write tables anew."""
    roles = databases.current().adapter.roles.own(connection, list(DatabaseRole))
    if roles:
        raise click.ClickException(f"this login is of {', '.join(roles)}: use the owner's, as for `strata init`")
    with databases.read(Store.HOT) as session:
        open_run = select(ArchiveRun.id).where(ArchiveRun.record_type.in_(kinds), ArchiveRun.state != RunState.DONE)
        run_id = session.scalar(open_run.limit(1))
    if run_id is not None:
        raise click.ClickException(f"run {run_id} has not ended: let it end first")


def _way(connection: Connection, name: str | None) -> Way:
    ways = databases.current().adapter.compaction.ways(connection)
    found = next((way for way in ways if name in (None, way.name)), None)
    if found is None:
        raise click.ClickException(f"no way {name!r} here: use {', '.join(way.name for way in ways)}")
    return found


def _choose(connection: Connection, tables: Sequence[str], *, takes_all: bool) -> list[str]:
    """Those with something to give back; says of each what it takes, and about how long it takes."""
    chosen = []
    for table in tables:
        room = databases.current().adapter.compaction.room(connection, table)
        if takes_all or room.spare_bytes > max(SPARE_SHARE_MIN * room.rows_bytes, SPARE_BYTES_MIN):
            chosen.append(table)
            seconds, empty = (room.bytes - room.spare_bytes) / BYTES_A_SECOND, room.spare_bytes / MEGABYTE
            click.echo(f"{table}: {_told(room)}, about {empty:,.0f} MB empty; takes about {seconds:.0f} s")
    return chosen


def _compact_all(connection: Connection, tables: Sequence[str], way: Way) -> None:
    compaction, gave = databases.current().adapter.compaction, 0
    click.echo(f"{way.name} locks {way.locks}", err=True)
    for table in tables:
        _check_hours(table)
        before, began = compaction.room(connection, table), time.monotonic()
        try:
            compaction.write_anew(connection, table, way)
        except (DBAPIError, EngineError) as fault:
            words = words_of(fault) if isinstance(fault, DBAPIError) else str(fault)
            raise click.ClickException(f"{table} is as it was: {words}; {_sum(gave)}") from None
        after = compaction.room(connection, table)
        gave += before.bytes - after.bytes
        click.echo(f"{table}: {_told(before)} before, {_told(after)} now, {time.monotonic() - began:.1f} s")
    click.echo(_sum(gave))


def _check_hours(table: str) -> None:
    from workers.archive.throttles import is_within

    settings = databases.current().settings
    now = utc_now().astimezone(ZoneInfo(settings.time_zone))
    if settings.archive_window and not is_within(settings.archive_window, now):
        raise click.ClickException(f"{table} and the rest wait: outside the hours {settings.archive_window}")


def _told(room: Room) -> str:
    return f"{room.bytes / MEGABYTE:,.1f} MB ({room.indexes_bytes / MEGABYTE:,.1f} of them indexes)"


def _sum(gave: int) -> str:
    return f"{gave / MEGABYTE:,.1f} MB given back"
