"""`strata keys`."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Mapping

import click

from core.sealing import signatures
from core.settings.parsing import PROCESS_KINDS

Lines = Mapping[str, str]


@click.command(name="keys")
def show() -> None:
    """Print a new key for each kind of process, as the settings that each is given.

    Events are written under the key of their writer's kind, kept heads and clinicians' signatures are signed. Whoever
    runs `strata audit verify` is given the last part, which signs nothing. Changes nothing by itself.
    """
    for process, settings in _processes():
        click.echo(f"# {process}")
        for name, value in settings.items():
            click.echo(f"{name}={value}")


def _processes() -> Iterator[tuple[str, Lines]]:
    keys = {kind: _new() for kind in PROCESS_KINDS}
    audit, signing = _new(), _new()
    proves_signatures = {"STRATA_SIGNING_PUBLIC_KEYS": _public(signing)}
    yield "patients' portal", {"STRATA_EVENT_KEYS": f"public={keys['public']}", **proves_signatures}
    yield "staff portal", {"STRATA_EVENT_KEYS": f"staff={keys['staff']}", "STRATA_SIGNING_KEY": signing}
    yield (
        "workers of queues reports and ops",
        {
            "STRATA_EVENT_KEYS": f"worker={keys['worker']}",
            "STRATA_AUDIT_KEY": audit,
            **proves_signatures,
        },
    )
    yield "worker of queue archive", {"STRATA_EVENT_KEYS": f"archiver={keys['archiver']}"}
    yield (
        "commands of the owner",
        {
            "STRATA_EVENT_KEYS": ",".join(f"{kind}={key}" for kind, key in keys.items()),
            "STRATA_AUDIT_PUBLIC_KEYS": _public(audit),
            **proves_signatures,
        },
    )


def _new() -> str:
    return base64.b64encode(secrets.token_bytes(signatures.KEY_BYTES)).decode()


def _public(private: str) -> str:
    return base64.b64encode(signatures.public_of(signatures.key_bytes(private))).decode()
