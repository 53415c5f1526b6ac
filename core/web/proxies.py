"""The client's address behind reverse proxies: the last one in X-Forwarded-For that no trusted proxy has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Networks = Sequence[IPv4Network | IPv6Network]


def init_app(app: Flask, trusted: Networks) -> None:
    """Take the client's address from these proxies and from nobody else. Register after all that looks at addresses."""
    if not trusted:
        return
    serve = app.wsgi_app

    def for_client(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        peer, told = environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", "")
        environ["REMOTE_ADDR"] = client_address(peer, told, trusted)
        return serve(environ, start_response)

    app.wsgi_app = for_client  # type: ignore[method-assign]


def client_address(peer: str, forwarded_for: str, trusted: Networks) -> str:
    """The client's address behind a chain of trusted proxies; the last proxy's own if the header can't be read."""
    address = peer
    for told in reversed(forwarded_for.split(",")):
        if not _is_of(address, trusted):
            break
        try:
            address = str(ip_address(told.strip()))
        except ValueError:
            break
    return address


def _is_of(address: str, trusted: Networks) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in trusted)
