"""`strata redis-users`."""

from __future__ import annotations

import secrets

import click

from core.install import redis_users
from core.install.redis_users import RedisUser


@click.command(name="redis-users")
def show() -> None:
    """Print a Redis user for each kind of process, as lines for an ACL file, each with a new password.

    Put the lines that begin with `user` into Redis's aclfile (or send them as ACL SETUSER), and each password into the
    STRATA_REDIS_URL of that kind of process: redis://NAME:PASSWORD@HOST:6379/0. Changes nothing by itself.
    """
    for user in RedisUser:
        password = secrets.token_hex(24)
        click.echo(f"# password of {user}: {password}")
        click.echo(f"user {user} {' '.join(redis_users.rules(user, password))}")
