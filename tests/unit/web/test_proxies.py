"""Who asks, as far as the proxies that are ours can tell."""

from __future__ import annotations

import pytest

from core.settings.parsing import networks
from core.web.proxies import client_address

OURS = networks("10.0.0.5, 10.1.0.0/16, 2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("10.0.0.5", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.5", "192.0.2.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.5", "192.0.2.1, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("2001:db8::1", "2001:4860::8", "2001:4860::8"),
        # Nobody of ours: what it says is its own invention.
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("10.0.0.6", "198.51.100.7", "10.0.0.6"),
        ("", "198.51.100.7", ""),
        # What can't be read ends the search at the last proxy.
        ("10.0.0.5", "unknown", "10.0.0.5"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "198.51.100.7, <script>", "10.0.0.5"),
        ("10.0.0.5", "198.51.100.7:80", "10.0.0.5"),
        ("10.0.0.5", "10.1.0.1", "10.1.0.1"),
    ],
)
def test_the_last_address_that_is_not_ours(peer: str, told: str, client: str) -> None:
    assert client_address(peer, told, OURS) == client


@pytest.mark.parametrize("raw", ["proxy.example", "10.0.0.5/8", "10.0.0.5,,10.0.0.6", "1.2.3"])
def test_what_names_no_network_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match="must be addresses or networks by comma"):
        networks(raw)
