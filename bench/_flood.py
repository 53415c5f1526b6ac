"""Forms of a million fields, one after the other: `python -m bench._flood PORT CLIENTS`, until it is ended."""

from __future__ import annotations

import http.client
import sys
import threading
import time

from bench._portal import HOST

BODY = b"a&" * (1 << 20)
# A client that floods from afar sends for as long as this.
PAUSE_SECONDS = 0.1


def flood_once(port: int) -> int | None:
    """Send one form; returns the status of the answer, or None if the portal hung up first."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Host": f"{HOST}:{port}", "Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST", "/sign-in", BODY, headers)
        return connection.getresponse().status
    except (http.client.HTTPException, OSError):
        return None
    finally:
        connection.close()


def main(port: int, clients: int) -> None:
    def keep_on() -> None:
        while True:
            flood_once(port)
            time.sleep(PAUSE_SECONDS)

    threads = [threading.Thread(target=keep_on) for _ in range(clients)]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
