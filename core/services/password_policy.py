"""Which passwords are good enough (NIST SP 800-63B, ASVS 6.2): long, not soon guessed, and in no breach that is known.

zxcvbn weighs a password by its lists and patterns. Its lists hold few long passwords, so that long ones which many
people had are refused by a list of our own, and all of any breach by a copy of Have I Been Pwned's, where there is one.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
from functools import cache
from pathlib import Path
from typing import BinaryIO

from zxcvbn import zxcvbn

from core.stores import databases

log = logging.getLogger(__name__)

LENGTH_MIN = 12
LENGTH_MAX = 256
# zxcvbn's scale from 0 to 4, and how much of a password it can weigh: 3 takes more than a hundred million guesses.
SCORE_MIN = 3
WEIGHED_LENGTH = 72
# Words that somebody who attacks this product would try first.
OUR_WORDS = ("strata",)
COMMON = Path(__file__).with_name("common_passwords") / "passwords.txt.gz"
BREACHED = "Many people had this password, and it was published. Choose several words that don't belong together."
RANGE_CHARS = 5


def fault(password: str, username: str, name: str) -> str | None:
    """What is wrong with a password for the person of this name, or None."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        return f"Use a password of {LENGTH_MIN} to {LENGTH_MAX} characters."
    if username in password.lower():
        return "Use a password that does not contain the user name."
    if password.lower() in _common():
        return BREACHED
    weighed = zxcvbn(password[:WEIGHED_LENGTH], user_inputs=[username, *name.split(), *OUR_WORDS])
    if weighed["score"] < SCORE_MIN:
        why = weighed["feedback"]["warning"] or "This password is easy to guess."
        return f"{why} Choose several words that don't belong together."
    return _fault_by_breaches(password)


def _fault_by_breaches(password: str) -> str | None:
    place = databases.current().settings.breached_passwords
    if not place:
        return None
    try:
        return BREACHED if is_breached(password, Path(place)) else None
    except OSError as missing:
        log.error("STRATA_BREACHED_PASSWORDS can't be read: %s", type(missing).__name__)
        return "New passwords can't be checked right now. Try again later."


def is_breached(password: str, place: Path) -> bool:
    """Whether the copy at `place` has the password: a folder with a file for each range, or one file in order.

    A range is the first five characters of the SHA-1, in capitals; its file holds lines `REST:COUNT`, the one file
    `SHA1:COUNT`. Raises OSError if the copy, or the range, is not there.
    """
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    if place.is_dir():
        return _in_range(place, digest)
    return _in_order(place, digest)


def _in_range(folder: Path, digest: str) -> bool:
    start, rest = digest[:RANGE_CHARS], digest[RANGE_CHARS:]
    found = next((path for path in (folder / f"{start}.txt", folder / start) if path.exists()), folder / f"{start}.txt")
    with found.open("r", encoding="ascii", errors="replace") as lines:
        return any(line.partition(":")[0].strip().upper() == rest for line in lines)


def _in_order(file: Path, digest: str) -> bool:
    """By halves: the file may have 40 gigabytes."""
    wanted = digest.encode()
    with file.open("rb") as lines:
        low, high = 0, file.stat().st_size
        while low < high:
            middle = (low + high) // 2
            found = _hash_from(lines, middle)
            low, high = (low, middle) if not found or found >= wanted else (middle + 1, high)
        return _hash_from(lines, low) == wanted


def _hash_from(lines: BinaryIO, place: int) -> bytes:
    """The hash in the first line that begins at this place or after it; nothing after the last."""
    lines.seek(max(place - 1, 0))
    if place:
        lines.readline()
    return lines.readline()[:40].upper()


@cache
def _common() -> frozenset[str]:
    with gzip.open(COMMON, "rt", encoding="utf-8") as lines:
        return frozenset(line.rstrip("\n") for line in lines)
