"""Passwords of database logins that nobody types."""

from __future__ import annotations

import re
import secrets

LENGTH = 40
# No vowels, so that no word of a login's name can stand in it; nothing that ends a literal or a part of an address.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZbcdfghjkmnpqrstvwxz23456789-_"
# SQL Server's policy (CHECK_POLICY) wants three of four classes; a server may want all.
CLASSES = ("[A-Z]", "[a-z]", "[0-9]", "[-_]")


def make_password() -> str:
    """A password of more than 200 random bits with characters of all four classes."""
    while True:
        made = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if all(re.search(one, made) for one in CLASSES):
            return made
