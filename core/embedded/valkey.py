"""Valkey as a child process, with a password and an append-only file."""

import signal
import socket
import subprocess
import time

from redis import Redis

from core.embedded import EmbeddedError, processes
from core.embedded.account import PLAIN_ENVIRONMENT
from core.embedded.place import Place
from core.embedded.ports import HOST

PROGRAM = "valkey-server"
START_SECONDS = 20
POLL_SECONDS = 0.02


class ValkeyServer:
    """A server whose files are in `place.home/valkey`."""

    def __init__(self, place: Place, *, port: int, password: str) -> None:
        self.place = place
        self.port = port
        self.password = password
        self.data = place.home / "valkey"
        self.log = place.log_dir / "valkey.log"
        # Users beside the one of `url`, by name: their rules.
        self.users: dict[str, tuple[str, ...]] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def set_user(self, name: str, rules: tuple[str, ...]) -> None:
        """Make or change a user, from now on and at each start of this object. Raises RedisError."""
        self.users[name] = rules
        with Redis.from_url(self.url) as redis:
            redis.execute_command("ACL SETUSER", name, *rules)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def has_processes(self) -> bool:
        """Whether it runs, also when a former run of Strata left it behind."""
        return bool(processes.running_in(self.data, PROGRAM))

    def start(self) -> None:
        """Start and return once it answers. A running server is left as it is."""
        if self.running:
            return
        self.place.check_wanted()
        self.place.account.make_folder(self.data)
        settings = self.data / "valkey.conf"
        self.place.write(settings, self._settings())
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(self.place.binaries.valkey_server), str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=PLAIN_ENVIRONMENT,
                start_new_session=True,
                **self.place.account.popen_options(),
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """Stop, with everything it was told on disk."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it as the kernel would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def _end(self, first: signal.Signals) -> None:
        processes.end(processes.running_in(self.data, PROGRAM), first)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _settings(self) -> str:
        """In a file and not on the command line, where every user of the machine could read the password."""
        lines = [
            f"bind {HOST}",
            f"port {self.port}",
            f"dir {self.data}",
            f"requirepass {self.password}",
            "appendonly yes",
            f"appendfsync {'everysec' if self.place.durable else 'no'}",
            'save ""',
            # Jobs and sessions must not be thrown away silently: a full server refuses writes.
            "maxmemory-policy noeviction",
        ]
        lines += [f"user {name} {' '.join(rules)}" for name, rules in self.users.items()]
        return "\n".join(lines) + "\n"

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            if not self.running or time.monotonic() > deadline:
                self.kill()
                raise EmbeddedError(
                    f"Valkey did not start: {self._last_words()}", f"remove that cause; {self.log} says more."
                )
            time.sleep(POLL_SECONDS)

    def _ready(self) -> bool:
        """While it still loads its file it answers, but not with PONG."""
        try:
            with socket.create_connection((HOST, self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return b"+PONG" in self._read_replies(connection)
        except OSError:
            return False

    @staticmethod
    def _read_replies(connection: socket.socket) -> bytes:
        replies = b""
        while replies.count(b"\r\n") < 2 and (more := connection.recv(1024)):
            replies += more
        return replies

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote no log"
