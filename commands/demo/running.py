"""The running demo, from start to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from commands.demo import demo_accounts, demo_files, filling, keyring, logins, programs, readiness
from commands.demo.children import Children
from commands.demo.demo_files import Keys, SignIn
from core.embedded import EmbeddedError, ports
from core.embedded.servers import Servers
from core.install import setup
from core.install.database_roles import DatabaseRole
from core.settings import config
from core.stores import databases

WATCH_SECONDS = 0.5
PACE = "STRATA_ARCHIVE_ROWS_PER_SECOND"
SECOND_FACTOR = "STRATA_SECOND_FACTOR"


@dataclass(frozen=True)
class Options:
    data_dir: Path
    patients: int
    import_dir: Path | None
    fresh: bool
    public_port: int
    staff_port: int
    postgres_bin: Path | None


class Demo:
    """Call `start`, then `supervise` until something interrupts it, then `stop`, which works at any moment."""

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self.options = options
        self.say = say
        self.data_dir = options.data_dir
        self.servers = Servers(options.data_dir, say, fresh=options.fresh, postgres_bin=options.postgres_bin)
        self.children = Children(options.data_dir, programs.CODE_DIR, say)
        self.env: dict[str, str] = {}
        self.logins: dict[DatabaseRole, dict[str, str]] = {}

    @property
    def public_url(self) -> str:
        return f"http://{self.settings.public_host}:{self.options.public_port}"

    @property
    def staff_url(self) -> str:
        return f"http://{self.settings.staff_host}:{self.options.staff_port}"

    def start(self) -> list[SignIn]:
        """Start everything; returns the sign-ins when both portals answer. Raises EmbeddedError."""
        self._prepare()
        self.servers.start()
        keys = self._configure()
        setup.initialise(self.settings, self.say)
        self.logins = logins.environments(self.settings, self.servers.valkey, keys)
        self._fill(keys)
        found = demo_accounts.ensure(self.data_dir, keys)
        databases.current().dispose()
        self._start_children(keys)
        env = {name: value for name, value in config.environ_with(self.env).items() if name in _setting_names()}
        demo_files.announce(
            self.data_dir, public_url=self.public_url, staff_url=self.staff_url, sign_ins=found, env=env
        )
        return found

    def supervise(self) -> None:
        """Restart whatever dies, for ever."""
        while True:
            time.sleep(WATCH_SECONDS)
            self.children.revive()
            self._revive_servers()

    def stop(self) -> None:
        """End everything that runs."""
        if not self.servers.is_reserved:
            # The servers there belong to another demo.
            return
        if self.env:
            demo_files.withdraw(self.data_dir)
        self.children.stop()
        self.servers.stop()

    def _prepare(self) -> None:
        self.servers.reserve()
        self.children.end_leftovers()
        readiness.require_free(self.options.public_port, "STRATA_PUBLIC_PORT")
        readiness.require_free(self.options.staff_port, "STRATA_STAFF_PORT")

    def _configure(self) -> Keys:
        if self.options.fresh:
            demo_files.forget(self.data_dir)
        keys = Keys.load(self.data_dir)
        keys.save(self.data_dir)
        self.env = self.servers.env() | {
            "STRATA_DATA_DIR": str(self.data_dir),
            "STRATA_SPOOL_DIR": str(self.data_dir / "spool"),
            "STRATA_PUBLIC_PORT": str(self.options.public_port),
            "STRATA_STAFF_PORT": str(self.options.staff_port),
            "STRATA_PLAIN_HTTP": "1",
            **keyring.for_commands(keys),
        }
        if PACE not in config.environ_with({}):
            # The person who tries the demo is alone, and wants to see a run end.
            self.env[PACE] = "0"
        if SECOND_FACTOR not in config.environ_with({}):
            # Nobody wants to get a phone in order to look around.
            self.env[SECOND_FACTOR] = "offered"
        self._choose_model_endpoint()
        self.settings = config.load(config.environ_with(self.env))
        databases.configure(self.settings)
        return keys

    def _choose_model_endpoint(self) -> None:
        given = config.environ_with({})
        self.model_port = None if given.get("OPENAI_BASE_URL") or given.get("OPENAI_API_KEY") else ports.pick()
        if self.model_port is not None:
            self.env |= {"OPENAI_BASE_URL": f"http://{ports.HOST}:{self.model_port}/v1", "OPENAI_API_KEY": "offline"}

    def _fill(self, keys: Keys) -> None:
        filling.fill(
            self.data_dir,
            keys,
            env=self.env,
            patients=self.options.patients,
            import_dir=self.options.import_dir,
            on_progress=self.say,
        )

    def _start_children(self, keys: Keys) -> None:
        """Start the portals first: people who wait for the demo wait for them."""
        self.say("Starting the portals, model endpoint, workers and scheduler")
        portals = {
            "public": (self.options.public_port, keys.public_secret),
            "staff": (self.options.staff_port, keys.staff_secret),
        }
        for portal, (port, secret) in portals.items():
            env = self.env | self.logins[DatabaseRole(f"strata_{portal}")] | {"STRATA_SECRET_KEY": secret}
            self.children.start(f"{portal}-portal", programs.portal(portal, port), env)
        if self.model_port is not None:
            command = programs.offline_model(self.model_port, controls=self.settings.unsafe_controls)
            self.children.start("model-endpoint", command, {})
        self._wait_until_ready()
        # Only the archive's worker may take events off the audit trail.
        worker, archiver = (self.env | self.logins[role] for role in (DatabaseRole.WORKER, DatabaseRole.ARCHIVER))
        self.children.start("worker-1", programs.worker("reports"), worker)
        self.children.start("worker-2", programs.worker("archive"), archiver)
        self.children.start("worker-3", programs.worker("ops"), worker)
        self.children.start("scheduler", programs.scheduler(), worker)

    def _wait_until_ready(self) -> None:
        def wait(name: str, condition: Callable[[], bool]) -> None:
            readiness.wait_for(name, condition, log=self.children.log_of(name), meanwhile=self.children.revive)

        wait("public-portal", lambda: readiness.is_ready(self.options.public_port, self.settings.public_host))
        wait("staff-portal", lambda: readiness.is_ready(self.options.staff_port, self.settings.staff_host))
        model_port = self.model_port
        if model_port is not None:
            wait("model-endpoint", lambda: readiness.listens(model_port))

    def _revive_servers(self) -> None:
        for name, server in self.servers.all().items():
            if not server.running:
                self.say(f"{name} has ended; starting it again")
                with suppress(EmbeddedError):
                    server.start()


def _setting_names() -> set[str]:
    return config.variables().keys() - {"STRATA_SECRET_KEY"}
