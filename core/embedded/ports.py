"""Ports on the loopback address, below the range of outgoing connections, so that a remembered port stays free."""

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
    """Keep `port` from every other `pick` on this machine while this process lives; False if another process has it.

    A server listens on its port only seconds after the choice. The claim is a name among Linux's abstract sockets. The
    kernel frees the name with the process, however that ends.
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
    """A port that is free now, and that no other `pick` on this machine returns while this process lives."""
    chooser = random.SystemRandom()
    for _ in range(ATTEMPTS):
        port = chooser.randrange(FIRST_PORT, LAST_PORT)
        if port not in _claims and claim(port) and is_free(port):
            return port
    raise OSError(f"no free port between {FIRST_PORT} and {LAST_PORT} on {HOST}")
