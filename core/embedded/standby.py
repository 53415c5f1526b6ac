"""The streaming standby: a copy of the primary that follows it through a replication slot."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.embedded import EmbeddedError
from core.embedded.place import Place
from core.embedded.ports import HOST
from core.embedded.postgres import START_SECONDS, USER, PostgresServer

SLOT = "replica"
# A standby that can follow needs less time than this. One that takes longer is made again.
FOLLOW_SECONDS = 15
END_SENDER_MS = 5_000


class Standby(PostgresServer):
    """A standby of `primary`. `start` makes it again from the primary if it is missing or can't follow."""

    def __init__(self, name: str, place: Place, *, port: int, password: str, primary: PostgresServer) -> None:
        super().__init__(name, place, port=port, password=password)
        self.primary = primary

    def start(self) -> None:
        if self.running:
            return
        if not self.primary.running:
            # Without its primary the standby still answers reads. It follows as soon as the primary is back.
            super().start()
            return
        if self.data.is_dir() and self._slot_usable():
            with suppress(EmbeddedError):
                self._start_and_follow(FOLLOW_SECONDS)
                return
        self.rebuild()

    def rebuild(self) -> None:
        """Delete the copy, and make a new one from the primary, which must run."""
        self.stop("immediate")
        shutil.rmtree(self.data, ignore_errors=True)
        self._start_and_follow(START_SECONDS)

    def pause_replay(self) -> None:
        """Stop replay, and return when it has stopped. Reads go on, and see an older and older state."""
        self._ask(self, "SELECT pg_wal_replay_pause()")
        self._wait_for(
            lambda: self._ask(self, "SELECT pg_get_wal_replay_pause_state()") == "paused", "pause its replay"
        )

    def resume_replay(self) -> None:
        self._ask(self, "SELECT pg_wal_replay_resume()")

    def wait_until_replayed(self) -> None:
        """Return once everything that the primary has written until now can be read here."""
        # Not the insert position: the primary may keep for seconds what no commit has flushed.
        written = self._ask(self.primary, "SELECT pg_current_wal_flush_lsn()")
        replayed = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
        self._wait_for(lambda: bool(self._ask(self, replayed)), "replay what its primary wrote")

    def _start_and_follow(self, seconds: float) -> None:
        super().start()
        self._wait_for(self._following, "follow its primary", seconds=seconds)

    def _prepare(self) -> None:
        if self.data.is_dir():
            self._check_major()
            return
        self._renew_slot()
        part = self._part_folder()
        source = f"--host={HOST} --port={self.primary.port} --username={USER} --no-password --slot={SLOT}".split()
        program = self.place.binaries.postgres("pg_basebackup")
        command: list[str | Path] = [program, *source, "--checkpoint=fast", f"--pgdata={part}"]
        self.place.run_tool(command if self.place.durable else [*command, "--no-sync"], PGPASSWORD=self.password)
        part.rename(self.data)

    def _configure(self) -> None:
        super()._configure()
        self.place.write(self.data / "standby.signal", "")

    def _standby_settings(self) -> dict[str, str]:
        conninfo = (
            f"host={HOST} port={self.primary.port} user={USER} password={self.password} application_name={self.name}"
        )
        return {"primary_conninfo": conninfo, "primary_slot_name": SLOT}

    def _complete(self) -> None:
        """Nothing to create: the databases come from the primary."""

    def _slot_usable(self) -> bool:
        """Whether the primary still has everything that this standby has not received."""
        status = self._ask(self.primary, f"SELECT wal_status FROM pg_replication_slots WHERE slot_name = '{SLOT}'")
        return status not in (None, "lost")

    def _renew_slot(self) -> None:
        slot = f"FROM pg_replication_slots WHERE slot_name = '{SLOT}'"
        self._ask(self.primary, f"SELECT pg_terminate_backend(active_pid, {END_SENDER_MS}) {slot} AND active")
        self._ask(self.primary, f"SELECT pg_drop_replication_slot(slot_name) {slot}")
        self._ask(self.primary, f"SELECT pg_create_physical_replication_slot('{SLOT}', true)")

    def _following(self) -> bool:
        state = self._ask(self.primary, f"SELECT state FROM pg_stat_replication WHERE application_name = '{self.name}'")
        return state == "streaming"

    @staticmethod
    def _ask(server: PostgresServer, query: str) -> Any:
        """The single value of `query`, or None."""
        with server.connect("postgres") as connection:
            row = connection.execute(query).fetchone()
        return row[0] if row else None
