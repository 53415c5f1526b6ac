"""Each kind of process has a Redis user that may do its work and nothing more."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from redis import Redis
from redis.exceptions import NoPermissionError
from rq import Callback, Queue, SimpleWorker
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from sqlalchemy import select

from commands.doctor.boundaries import redis_reach
from commands.redis_users import show
from core.install import redis_users
from core.install.archive_readers import as_login
from core.install.database_roles import DatabaseRole
from core.install.redis_users import KEYS, RedisUser
from core.jobs import outbox
from core.models import OutboxMessage
from core.settings.config import Settings
from core.stores import databases, redis
from core.stores.databases import Store
from core.stores.freshness import Positions
from tests.factories import make_patient
from tests.integration.access import redis_logins
from tests.integration.access.test_forged_headers import ROLES, account_of, submit
from tests.integration.access.test_two_portals import PORTALS, host, make_app, sign_in
from workers import run
from workers.rung import RungJob

OTHERS = (
    "sign_in:public:x", "sign_in:staff:x", "throttle:public:x", "throttle:staff:x", "rq:queue:archive", "bell", "mine",
)  # fmt: skip


@pytest.fixture(scope="module")
def urls(servers: Any) -> dict[RedisUser, str]:
    return redis_logins.made(servers.valkey, "test")


@pytest.fixture
def acting(database: Settings, urls: dict[RedisUser, str]) -> Callable[[RedisUser], Settings]:
    def act(user: RedisUser) -> Settings:
        settings = database.model_copy(update={"redis_url": urls[user]})
        databases.configure(settings)
        return settings

    return act


ATTEMPTS: tuple[Callable[[Redis, str], object], ...] = (
    lambda redis, key: redis.get(key),
    lambda redis, key: redis.set(key, "1"),
    lambda redis, key: redis.delete(key),
)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("key", OTHERS)
@pytest.mark.parametrize("user", RedisUser)
def test_a_key_is_read_and_written_by_those_whose_it_is(urls: dict[RedisUser, str], user: RedisUser, key: str) -> None:
    redis = Redis.from_url(urls[user])
    if any(key.startswith(pattern.removesuffix("*")) for pattern in KEYS[user]):
        assert redis.set(key, "1")
        assert redis.delete(key)
        return
    for attempt in ATTEMPTS:
        with pytest.raises(NoPermissionError):
            attempt(redis, key)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("user", RedisUser)
@pytest.mark.parametrize(
    "command",
    ["KEYS *", "FLUSHALL", "FLUSHDB", "CONFIG GET requirepass", "ACL LIST", "MONITOR", "SHUTDOWN", "CLIENT KILL ID 1",
     "REPLICAOF NO ONE", "SCRIPT FLUSH", "SCRIPT LOAD return", "EVAL return 0", "SAVE",
     "MIGRATE 127.0.0.1 1 x 0 1", "SWAPDB 0 1"],
)  # fmt: skip
def test_nobody_looks_around_or_takes_over(urls: dict[RedisUser, str], user: RedisUser, command: str) -> None:
    with pytest.raises(NoPermissionError):
        Redis.from_url(urls[user]).execute_command(*command.split(" "))


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("command", ["SUBSCRIBE x", "PUBLISH rq:pubsub:1 x", "SCAN 0", "LPUSH position:1 x"])
def test_the_patients_portal_sends_no_job_and_lists_no_key(urls: dict[RedisUser, str], command: str) -> None:
    with pytest.raises(NoPermissionError):
        Redis.from_url(urls[RedisUser.PUBLIC]).execute_command(*command.split(" "))


@pytest.mark.parametrize("portal", PORTALS)
def test_each_portal_works_with_its_user(
    acting: Callable[[RedisUser], Settings], servers: Any, caplog: pytest.LogCaptureFixture, portal: str
) -> None:
    app = make_app(portal, acting(RedisUser(f"strata_{portal}")))
    with databases.write() as session:
        patient = make_patient(session)
    account = account_of(ROLES[portal], patient)
    submit(app.test_client(), portal, account, "a wrong password")
    client = sign_in(app, portal, account.username)
    submit(app.test_client(), portal, account, "a wrong password")
    assert client.get("/account", base_url=host(portal)).status_code == 200
    owner = Redis.from_url(servers.valkey.url)
    assert len(list(owner.scan_iter(f"sign_in:{portal}:*"))) == 1
    assert len(list(owner.scan_iter(f"throttle:{portal}:*"))) == 3
    positions = Positions(redis.client(), portal)
    assert positions.raise_to(account.id, 7)
    assert (positions.needed(account.id) or 0) >= 7
    assert client.post("/sign-out", base_url=host(portal)).status_code == 303
    assert [line for line in caplog.messages if "Redis" in line or "could not" in line] == []


def test_the_lines_that_are_printed_make_these_users(servers: Any) -> None:
    said = CliRunner().invoke(show).output.splitlines()
    assert [line.split(" ")[1] for line in said if line.startswith("user ")] == list(RedisUser)
    owner = Redis.from_url(servers.valkey.url)
    for line in said:
        if line.startswith("user "):
            _, name, *rules = line.split(" ")
            owner.execute_command("ACL SETUSER", f"printed_{name}", *rules)
            password = next(told.rsplit(" ", 1)[1] for told in said if told.startswith(f"# password of {name}:"))
            assert Redis.from_url(as_login(servers.valkey.url, f"printed_{name}", password)).ping()


@pytest.fixture
def signals_put_back() -> Iterator[None]:
    """A worker takes over this process's signals."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def worker(queue: str) -> SimpleWorker:
    redis = outbox.worker_connection()
    listened = [Queue(queue, connection=redis, serializer=JSONSerializer)]
    return SimpleWorker(listened, connection=redis, serializer=JSONSerializer, job_class=RungJob)


@pytest.mark.usefixtures("signals_put_back")
def test_staff_ring_and_workers_send_and_do(acting: Callable[[RedisUser], Settings]) -> None:
    acting(RedisUser.STAFF)
    with databases.write() as session:
        outbox.add(session, "workers.audit_heads.keep")
    outbox.ring()
    with pytest.raises(NoPermissionError):
        outbox.relay()
    acting(RedisUser.WORKER)
    assert outbox.wait_for_ring(outbox.worker_connection(), 1.0)
    assert not outbox.wait_for_ring(outbox.worker_connection(), 0.01)
    assert outbox.relay() == 1
    worker("ops").work(burst=True)
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(OutboxMessage.done_at)).one() is not None


PERFORM = "workers.run.perform"
SHELLS = {
    "a program": {"func": "os.system", "args": ("touch {mark}",)},
    "a function of ours": {"func": "workers.listening.work", "args": (["ops"],)},
    "a message that is none": {"func": PERFORM, "args": ("1",)},
    "more than a number": {"func": PERFORM, "args": (1, 2)},
    "named arguments": {"func": PERFORM, "kwargs": {"message_id": 1}},
    "a program when it is done": {"func": PERFORM, "args": (1,), "on_success": "os.system"},
    "a program when it fails": {"func": PERFORM, "args": ("x",), "on_failure": "os.system"},
}


@pytest.mark.usefixtures("signals_put_back")
@pytest.mark.parametrize("name", SHELLS)
def test_a_worker_runs_nothing_that_stands_in_redis(
    acting: Callable[[RedisUser], Settings], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whoever may write to a queue, as another worker may, puts a job of its own making there."""
    ran: list[object] = []
    monkeypatch.setattr("os.system", lambda *command: ran.append(command))
    monkeypatch.setattr("workers.listening.work", lambda *queues: ran.append(queues))
    acting(RedisUser.WORKER)
    shell = dict(SHELLS[name])
    queue = Queue("archive", connection=outbox.worker_connection(), serializer=JSONSerializer)
    callbacks = {when: Callback(shell.pop(when)) for when in ("on_success", "on_failure") if when in shell}
    job = queue.enqueue_call(**shell, **callbacks)  # type: ignore[arg-type]
    worker("archive").work(burst=True)
    assert ran == []
    status = job.get_status(refresh=True)
    assert status == (JobStatus.FINISHED if name == "a program when it is done" else JobStatus.FAILED)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "command",
    ["LPUSH rq:queue:archive x", "HSET rq:job:1 data x", "SADD rq:queues x", "PUBLISH rq:pubsub:1 x", "GET rq:job:1",
     "SCAN 0", "LRANGE bell 0 1", "BLPOP bell 1"],
)  # fmt: skip
def test_the_staff_portal_rings_and_does_no_more(urls: dict[RedisUser, str], command: str) -> None:
    staff = Redis.from_url(urls[RedisUser.STAFF])
    with pytest.raises(NoPermissionError):
        staff.execute_command(*command.split(" "))


@pytest.mark.usefixtures("database")
def test_the_doctor_says_when_a_user_is_of_an_older_version(servers: Any) -> None:
    """Pages would go on, but each would read the primary."""
    older = [rule for rule in redis_users.rules(RedisUser.STAFF, "a password") if rule != "+zrange"]
    servers.valkey.set_user("test_older", tuple(older))
    said = {
        found.subject: found for found in redis_reach(as_login(servers.valkey.url, "test_older", "a password"), "staff")
    }
    assert not said["boundaries: positions"].ok
    assert "strata redis-users" in (said["boundaries: positions"].mend or "")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("kind", [role.kind for role in DatabaseRole])
def test_the_doctor_refuses_a_user_that_reaches_further(urls: dict[RedisUser, str], servers: Any, kind: str) -> None:
    user = RedisUser.WORKER if kind == DatabaseRole.ARCHIVER.kind else RedisUser(f"strata_{kind}")
    assert all(found.ok for found in redis_reach(urls[user], kind))
    wide = {found.subject: found for found in redis_reach(servers.valkey.url, kind)}
    assert not any(found.ok for found in wide.values())
    assert "it can change the rights of Redis' users" in wide["boundaries: redis"].detail
    assert "it reaches sign-ins of" in wide["boundaries: redis"].detail
    assert "it runs scripts" in wide["boundaries: redis"].detail
    assert all("strata redis-users" in (found.mend or "") for found in wide.values())


@pytest.mark.usefixtures("database")
def test_a_worker_runs_no_message_that_names_what_is_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns the database can write any message: it is no shell."""
    ran: list[object] = []
    monkeypatch.setattr("os.system", lambda **command: ran.append(command))
    with databases.write() as session:
        message = OutboxMessage(queue="ops", task="os.system", arguments={"command": "true"})
        session.add(message)
        session.flush()
        message_id = message.id
    with pytest.raises(run.TaskFailed, match="NoSuchTask"):
        run.perform(message_id)
    assert ran == []
