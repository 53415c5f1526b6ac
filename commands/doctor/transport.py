"""Whether what leaves this machine does so by TLS, as the addresses in the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from commands.doctor.finding import Finding, judge
from core.models.record_types import SERVERS
from core.settings.config import Settings

SUBJECT = "boundaries: transport"
# What a PostgreSQL client must say: with less it goes on in plain text where the server has no certificate.
SAFE_MODES = {"require", "verify-ca", "verify-full"}


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding: which addresses of other machines are spoken to in plain text."""
    plain = sorted(name for name, url in _addresses(settings) if url and _is_elsewhere(url) and not _is_tls(url))
    said = f"in plain text: {', '.join(plain)}" if plain else "by TLS, or on this machine"
    mend = "say sslmode=verify-full, Encrypt=yes, rediss:// or https:// in these addresses"
    yield judge(SUBJECT, not plain, said, mend)


def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "STRATA_PRIMARY_URL", settings.primary_url
    yield "STRATA_REPLICA_URL", settings.replica_url
    for server in SERVERS:
        yield f"STRATA_ARCHIVE_{server.upper()}_URL", settings.archive_url(server)
    yield "STRATA_REDIS_URL", settings.redis_url
    yield "OPENAI_BASE_URL", settings.openai_base_url


def _is_elsewhere(url: str) -> bool:
    host = urlsplit(url).hostname
    if host is None or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def _is_tls(url: str) -> bool:
    parts = urlsplit(url)
    asked = {name.lower(): values[-1].lower() for name, values in parse_qs(parts.query).items()}
    match parts.scheme.partition("+")[0]:
        case "postgresql":
            return asked.get("sslmode") in SAFE_MODES
        case "mssql":
            # Ours say Encrypt=yes where the address says nothing.
            return asked.get("encrypt", "yes") not in {"no", "optional", "false"}
        case scheme:
            return scheme in {"rediss", "https"}
