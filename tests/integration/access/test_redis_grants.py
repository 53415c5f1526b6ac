"""What each Redis user may do, as the server itself tells it, is what somebody has judged.

`judged_redis.txt` has a line for each pattern of keys, each channel, and each command of each user. A right that is not
there fails until somebody has judged it. A command that names keys reaches no key of another, which is tried by
`ACL DRYRUN`; one that names none is marked `without keys`, and is judged by what it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from core.install import redis_users
from core.install.redis_users import RedisUser

JUDGED = Path(__file__).with_name("judged_redis.txt")
OTHERS = {
    RedisUser.PUBLIC: ("sign_in:staff:x", "throttle:staff:x", "rq:queue:archive", "bell"),
    RedisUser.STAFF: ("sign_in:public:x", "throttle:public:x", "rq:queue:archive"),
    RedisUser.WORKER: ("sign_in:public:x", "sign_in:staff:x", "throttle:public:x", "throttle:staff:x"),
}


# Only a cluster does the first; the second names no key, but a channel that is no longer listened to.
REACH_NONE = {"clusterscan", "sunsubscribe"}


@pytest.fixture(scope="module")
def server(servers: Any) -> Redis:
    for user in RedisUser:
        servers.valkey.set_user(f"judged_{user}", redis_users.rules(user, "a password"))
    connected = Redis.from_url(servers.valkey.url, decode_responses=True)
    # As the server answers: what the client makes of these answers differs by version.
    connected.response_callbacks.clear()
    return connected


def told(server: Redis, user: RedisUser) -> dict[str, str]:
    """`ACL GETUSER`, by name."""
    answer = server.execute_command("ACL GETUSER", f"judged_{user}")
    pairs = answer.items() if isinstance(answer, dict) else zip(answer[::2], answer[1::2], strict=True)
    return {str(name): value if isinstance(value, str) else " ".join(map(str, value)) for name, value in pairs}


def commands(server: Redis, rules: str) -> set[str]:
    """The commands that are left when the rules are read in order, with every category written out."""
    known = set(server.execute_command("COMMAND LIST"))
    held: set[str] = set()
    for rule in rules.split():
        sign, name = rule[0], rule[1:]
        if name == "@all":
            named = known
        elif name.startswith("@"):
            named = set(server.execute_command("ACL CAT", name[1:]))
        else:
            named = {one for one in known if one.split("|")[0] == name} | {name}
        held = held | named if sign == "+" else held - named
    return held


def names_keys(server: Redis, command: str) -> bool:
    _, flags, first = facts(server, command)
    return bool(first) or "movablekeys" in flags


def facts(server: Redis, command: str) -> tuple[int, Sequence[str], int]:
    """Its arity, its flags and the place of its first key, 0 if that moves or there is none."""
    _, arity, flags, first, *_ = server.execute_command("COMMAND INFO", command)[0]
    return arity, flags, first


def rights(server: Redis, user: RedisUser) -> Iterator[str]:
    rules = told(server, user)
    yield from (f"{user} keys {pattern}" for pattern in rules["keys"].split())
    yield from (f"{user} channels {pattern}" for pattern in rules["channels"].split())
    if rules.get("selectors"):
        yield f"{user} selectors {rules['selectors']}"
    for command in sorted(commands(server, rules["commands"])):
        yield f"{user} command {command}{'' if names_keys(server, command) else ', without keys'}"


@pytest.mark.parametrize("user", RedisUser)
def test_every_right_that_a_user_has_was_judged(server: Redis, user: RedisUser) -> None:
    judged = {line for line in JUDGED.read_text().splitlines() if line.startswith(f"{user} ")}
    held = set(rights(server, user))
    assert sorted(held - judged) == []
    assert sorted(judged - held) == []


@pytest.mark.parametrize("user", RedisUser)
def test_no_command_reaches_the_key_of_another(server: Redis, user: RedisUser) -> None:
    tried, reaching = 0, []
    for command in sorted(commands(server, told(server, user)["commands"])):
        if not names_keys(server, command) or command in REACH_NONE:
            continue
        for key in OTHERS[user]:
            tried += 1
            if not is_refused(server, user, command, key):
                reaching.append(f"{command} {key}")
    assert reaching == []
    assert tried > 10


def is_refused(server: Redis, user: RedisUser, command: str, key: str) -> bool:
    """Whether some form of the command that names the key is refused, and none that names it is allowed."""
    answers = [answer for words in forms(server, command, key) if (answer := dry_run(server, user, command, words))]
    return bool(answers) and all("no permissions to access" in answer for answer in answers)


def dry_run(server: Redis, user: RedisUser, command: str, words: Sequence[str]) -> str | None:
    """What the server would answer the user; None if it finds no key in these words."""
    try:
        return str(server.execute_command("ACL DRYRUN", f"judged_{user}", *command.split("|"), *words))
    except ResponseError:
        return None


MOVABLE = {
    "eval": ("s", "1", "{key}"), "evalsha": ("s", "1", "{key}"), "eval_ro": ("s", "1", "{key}"),
    "evalsha_ro": ("s", "1", "{key}"), "fcall": ("f", "1", "{key}"), "fcall_ro": ("f", "1", "{key}"),
    "xread": ("STREAMS", "{key}", "0"), "xreadgroup": ("GROUP", "g", "c", "STREAMS", "{key}", ">"),
    "blmpop": ("1", "1", "{key}", "LEFT"), "bzmpop": ("1", "1", "{key}", "MIN"),
    "migrate": ("h", "1", "{key}", "0", "1"),
}  # fmt: skip


def forms(server: Redis, command: str, key: str) -> Iterator[list[str]]:
    """The words after a command: the key where its keys are, the number 1 elsewhere, of the least length or more."""
    if command in MOVABLE:
        yield [word.format(key=key) for word in MOVABLE[command]]
        return
    arity, _, first = facts(server, command)
    words, place = max(abs(arity) - len(command.split("|")), 1), max(first - len(command.split("|")), 0)
    if first:
        yield ["1"] * place + [key] + ["1"] * max(words - place - 1, 0)
    else:
        yield ["1", key, *["1"] * max(words - 2, 0)]
