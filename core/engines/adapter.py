"""An engine's adapter: one part for each purpose. `postgresql.py` and `mssql.py` put theirs together."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine.interfaces import IsolationLevel

from core.engines.compaction import Compaction
from core.engines.connections import Connections
from core.engines.layout import Layout
from core.engines.limits import Limits
from core.engines.link import Links
from core.engines.loading import Loading
from core.engines.locks import Locks
from core.engines.replication import Replication
from core.engines.roles import Roles
from core.engines.row_sets import RowSets
from core.engines.schema import Schema
from core.engines.server_facts import ServerFacts
from core.engines.trail import Trail


@dataclass(frozen=True)
class Adapter:
    """All that differs between the engines.

    A transaction of isolation level `snapshot` sees one state of the database throughout; one that reads linked tables
    has the level `linked`.
    """

    snapshot: IsolationLevel
    linked: IsolationLevel
    compaction: Compaction
    connections: Connections
    limits: Limits
    links: Links
    loading: Loading
    locks: Locks
    layout: Layout
    replication: Replication
    roles: Roles
    row_sets: RowSets
    schema: Schema
    server: ServerFacts
    trail: Trail
