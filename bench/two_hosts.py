"""Two workers' hosts, each in a network namespace of its own, with no way to the servers but an address and its ports.

Jobs of the outbox are done by one host, then by two. Then one of two is cut off while it works, and nobody is told: how
long until all jobs are done, and none is lost. A job is short here, so this is the most that hosts pick up; both share
this machine's processors. Needs root and iproute2.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select

from bench._environment import ROOT, Environment, environment, program
from core.engines.functions import any_of
from core.jobs import outbox
from core.models import OutboxMessage
from core.stores import databases
from core.stores.databases import Store

JOBS, LEAST = 300, 20
TASK = "workers.tidy.tidy"
WORKERS_OF_A_HOST = 2
WAIT_SECONDS, POLL_SECONDS, END_SECONDS = 300.0, 0.1, 10
Say = Callable[[str], None]


def run(scale: float, say: Say) -> dict[str, Any]:
    """Jobs a second on one host and on two, and the seconds until all are done when one of two is cut off."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        raise RuntimeError("network namespaces need root and iproute2's `ip`")
    jobs = max(LEAST, round(JOBS * scale))
    with environment(say) as made, ExitStack() as stack:
        hosts = [stack.enter_context(_host(number, made)) for number in (1, 2)]
        stack.enter_context(program(made.env, "cli", "schedule"))
        alone, together = _rate(hosts[:1], jobs), _rate(hosts, jobs)
        say(f"{alone:.1f} jobs a second on one host, {together:.1f} on two")
        cut = _cut_off(hosts, jobs)
    return {
        "ratio_two_hosts_to_one": round(together / alone, 2),
        "jobs_a_second_one_host": round(alone, 1),
        "jobs_a_second_two_hosts": round(together, 1),
        "seconds_until_all_done_with_one_cut_off": round(cut, 1),
        "jobs": jobs,
    }


class Host:
    """A namespace with a link to this one, and the variables that reach the servers from there."""

    def __init__(self, number: int) -> None:
        self.name, self.link = f"strata-{os.getpid()}-{number}", f"sb{os.getpid() % 10_000}x{number}"
        self.near, self.far = f"10.213.{number}.1", f"10.213.{number}.2"
        self.env: dict[str, str] = {}
        self._ways: list[subprocess.Popen[bytes]] = []

    def begin(self, made: Environment) -> None:
        """The servers listen on loopback, and a namespace has a loopback of its own: each port gets a way."""
        _ip("netns", "add", self.name)
        _ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("addr", "add", f"{self.near}/30", "dev", self.link)
        _ip("-n", self.name, "addr", "add", f"{self.far}/30", "dev", "eth0")
        for arguments in (("link", "set", self.link, "up"), ("-n", self.name, "link", "set", "eth0", "up")):
            _ip(*arguments)
        for name, value in made.env.items():
            self.env[name] = self._by_way(value) if "127.0.0.1" in value else value

    def end(self) -> None:
        for way in self._ways:
            way.kill()
            way.wait()
        _ip("link", "del", self.link)
        _ip("netns", "del", self.name)

    def cut_off(self) -> None:
        """Nothing gets through any more, and nobody is told."""
        _ip("link", "set", self.link, "down")

    @contextmanager
    def workers(self) -> Iterator[None]:
        command = ["ip", "netns", "exec", self.name, sys.executable, "-m", "cli", "worker", "ops"]
        env = {**os.environ, **self.env}
        started = [
            subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(WORKERS_OF_A_HOST)
        ]
        try:
            yield
        finally:
            for process in started:
                process.terminate()
            for process in started:
                try:
                    process.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _by_way(self, address: str) -> str:
        port = str(urlsplit(address).port)
        self._ways.append(subprocess.Popen([sys.executable, "-m", "bench._way", self.near, port], cwd=ROOT))
        return address.replace("127.0.0.1", self.near)


@contextmanager
def _host(number: int, made: Environment) -> Iterator[Host]:
    host = Host(number)
    try:
        host.begin(made)
        yield host
    finally:
        host.end()


def _rate(hosts: Sequence[Host], jobs: int) -> float:
    """Jobs a second, from the first that was done to the last."""
    ids = _decide(jobs)
    with ExitStack() as stack:
        for host in hosts:
            stack.enter_context(host.workers())
        _wait_until_done(ids)
    with databases.read(Store.HOT) as session:
        done = OutboxMessage.done_at
        span = select(func.min(done), func.max(done)).where(any_of(OutboxMessage.id, ids))
        first, final = session.execute(span).one()
    return float((jobs - 1) / (final - first).total_seconds())


def _cut_off(hosts: Sequence[Host], jobs: int) -> float:
    """Seconds from the cut until all jobs are done by the host that is left."""
    ids = _decide(jobs)
    with ExitStack() as stack:
        for host in hosts:
            stack.enter_context(host.workers())
        _wait_until_done(ids, at_least=jobs // 4)
        hosts[1].cut_off()
        began = time.monotonic()
        _wait_until_done(ids)
        return time.monotonic() - began


def _decide(jobs: int) -> list[int]:
    """Put jobs in the outbox; returns their ids. Those of the schedule come in between."""
    with databases.write() as session:
        ids = [outbox.add(session, TASK) for _ in range(jobs)]
    outbox.ring()
    return ids


def _wait_until_done(ids: Sequence[int], at_least: int | None = None) -> None:
    until = time.monotonic() + WAIT_SECONDS
    query = select(func.count()).where(any_of(OutboxMessage.id, ids), OutboxMessage.done_at.is_not(None))
    while True:
        with databases.read(Store.HOT) as session:
            done = session.scalar(query) or 0
        if done >= (len(ids) if at_least is None else at_least):
            return
        if time.monotonic() > until:
            raise RuntimeError(f"{done} of {len(ids)} jobs are done after {WAIT_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)  # noqa: S607 - wherever it is
