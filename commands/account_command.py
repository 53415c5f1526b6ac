"""`strata account`: the first admin's account, and a new set-up code where no admin can make one."""

from __future__ import annotations

import click
from sqlalchemy import select

from core.access.sign_ins import SignIns
from core.models import Account, Role
from core.services import accounts, set_up_codes
from core.services.set_up_codes import MadeCode
from core.stores import databases, redis

STAFF = [role.value for role in Role if role is not Role.PATIENT]


@click.group()
def group() -> None:
    """Accounts, where no admin can use the page for them.

    Nobody gives out passwords: a set-up code, shown once, lets its person choose one on the sign-in page.
    """


@group.command("add")
@click.argument("username")
@click.option("--role", type=click.Choice(STAFF), default=Role.ADMIN.value, show_default=True, help="What it is.")
@click.option("--name", required=True, help="The person's name, as it stands in the audit trail.")
def add(username: str, role: str, name: str) -> None:
    """Add an account of staff, such as the first admin's. Patients' accounts are opened at /accounts."""
    settings = databases.current().settings
    try:
        with databases.write() as session:
            made = accounts.create_account(session, username=username, password=None, role=Role(role), name=name)
            code = set_up_codes.make(session, account_id=made.id, hours=settings.set_up_code_hours, by=None)
            username = made.username
    except accounts.AccountFault as fault:
        raise click.ClickException(str(fault)) from None
    _show(username, code)


# Its name before, for those who have it in a script.
group.add_command(click.Command("open", callback=add.callback, params=add.params, help=add.help, hidden=True))


@group.command("code")
@click.argument("username")
@click.option("--lost-device", is_flag=True, help="Passkeys and the app for codes are lost too.")
def code(username: str, lost_device: bool) -> None:
    """Make a new set-up code for an account, whose sign-ins end."""
    settings = databases.current().settings
    with databases.write() as session:
        account = session.scalar(select(Account).where(Account.username == username.strip().lower()))
        if account is None:
            raise click.ClickException(f"There is no account named {username}.")
        made = set_up_codes.make(
            session, account_id=account.id, hours=settings.set_up_code_hours, by=None, is_for_lost_device=lost_device
        )
        SignIns(redis.client(), settings, "command").end_all(session, account.id)
        username = account.username
    _show(username, made)


def _show(username: str, made: MadeCode) -> None:
    click.echo(f"{username}: set-up code {made.code}, good until {made.expires_at:%Y-%m-%d %H:%M} UTC.")
    click.echo("Give it to its person, who enters it at /sign-in/set-up-code. It is shown only now.", err=True)
