"""Ports on the loopback address. Below the range that outgoing connections use, so a remembered one stays free."""

import random
import socket

HOST = "127.0.0.1"
FIRST_PORT, LAST_PORT = 20_000, 32_000
ATTEMPTS = 500

_claims: dict[int, socket.socket] = {}


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def claim(port: int) -> bool:
    """Tell every `pick` on this machine to pass over `port` while this process lives; False where another has.

    A port is chosen seconds before its server listens on it. The claim is a name among Linux's abstract sockets, which
    the kernel frees with the process, however that ends.
    """
    if port in _claims:
        return True
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0strata-port-{port}")
    except OSError:
        name.close()
        return False
    _claims[port] = name
    return True


def pick() -> int:
    """A port that is free now, and that no other pick on this machine gives out while this process lives."""
    chooser = random.SystemRandom()
    for _ in range(ATTEMPTS):
        port = chooser.randrange(FIRST_PORT, LAST_PORT)
        if port not in _claims and claim(port) and is_free(port):
            return port
    raise OSError(f"no free port between {FIRST_PORT} and {LAST_PORT} on {HOST}")
