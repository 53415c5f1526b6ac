"""Passwords that many people had are refused: long ones by a list of our own, all by a copy of breaches."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from zxcvbn import zxcvbn

from core.services import password_policy
from core.services.password_policy import COMMON, LENGTH_MIN, is_breached

GOOD = "four words nobody joined before"
# Long, in breaches, and unknown to zxcvbn.
LET_THROUGH = ("ghjatccbjyfk", "141312190296q", "gthtrfnbgjkt", "LockingServi", "love777321777")


@pytest.fixture
def copy_at(monkeypatch: pytest.MonkeyPatch) -> object:
    """Call it with the place of a copy of breached passwords, or nothing."""

    def name(place: object = "") -> None:
        settings = SimpleNamespace(breached_passwords=str(place))
        monkeypatch.setattr(password_policy.databases, "current", lambda: SimpleNamespace(settings=settings))

    name()
    return name


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def fault(password: str) -> str | None:
    return password_policy.fault(password, "nair", "Nair Devi")


def test_the_list_holds_more_than_the_three_thousand_commonest_that_are_long_enough() -> None:
    with gzip.open(COMMON, "rt", encoding="utf-8") as lines:
        words = lines.read().splitlines()
    assert len(words) == len(set(words)) > 40_000
    assert all(len(word) >= LENGTH_MIN and word == word.lower() for word in words)
    assert (COMMON.parent / "LICENSE").is_file()


@pytest.mark.parametrize("password", LET_THROUGH)
def test_a_common_long_password_is_refused_that_zxcvbn_lets_through(copy_at: object, password: str) -> None:
    assert zxcvbn(password)["score"] >= password_policy.SCORE_MIN
    assert fault(password) == password_policy.BREACHED
    assert fault(password.upper()) == password_policy.BREACHED
    assert fault(GOOD) is None


@pytest.mark.parametrize("password", ["strata strata strata", "nairdevinairdevi", "short", "x" * 257])
def test_what_is_soon_guessed_here_is_refused(copy_at: object, password: str) -> None:
    assert fault(password) is not None


def folder_of(tmp_path: Path, passwords: list[str]) -> Path:
    for password in passwords:
        digest = sha1(password)
        with (tmp_path / f"{digest[:5]}.txt").open("a") as lines:
            lines.write(f"{'0' * 35}:3\r\n{digest[5:]}:17\r\n")
    return tmp_path


def file_of(tmp_path: Path, passwords: list[str]) -> Path:
    file = tmp_path / "pwned.txt"
    file.write_text("".join(f"{digest}:{count}\r\n" for count, digest in enumerate(sorted(map(sha1, passwords)))))
    return file


@pytest.mark.parametrize("count", [0, 1, 2, 3, 500])
def test_a_file_in_order_is_searched_to_its_ends(tmp_path: Path, count: int) -> None:
    passwords = [f"password number {number}" for number in range(count)]
    file = file_of(tmp_path, passwords)
    assert [password for password in passwords if not is_breached(password, file)] == []
    assert not any(is_breached(f"another {number}", file) for number in range(200))


def test_a_folder_of_ranges_is_read_by_range(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, [GOOD])
    assert is_breached(GOOD, folder)
    (folder / f"{sha1('another')[:5]}.txt").write_text(f"{sha1(GOOD)[5:]}:1\n")
    assert not is_breached("another", folder)
    with pytest.raises(OSError, match="No such file"):
        is_breached("a range that is not there", folder)


@pytest.mark.parametrize("make", [folder_of, file_of])
def test_a_breached_password_is_refused_where_there_is_a_copy(tmp_path: Path, copy_at: object, make: object) -> None:
    assert fault(GOOD) is None
    copy_at(make(tmp_path, [GOOD]))  # type: ignore[operator]
    assert fault(GOOD) == password_policy.BREACHED


def test_a_copy_that_can_not_be_read_lets_no_password_through(tmp_path: Path, copy_at: object) -> None:
    copy_at(tmp_path / "missing.txt")  # type: ignore[operator]
    assert "can't be checked right now" in str(fault(GOOD))
