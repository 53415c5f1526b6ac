"""Bad sign-ins at a steady pace, as a guesser sends them: `python -m bench._storm PORT A_SECOND`, until it is ended.

A form's token and cookie are fetched once; each try names another account.
"""

from __future__ import annotations

import http.client
import re
import sys
import threading
import time
from itertools import count
from urllib.parse import urlencode

from bench._portal import HOST

THREADS = 8


def main(port: int, a_second: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/sign-in", headers={"Host": f"{HOST}:{port}"})
    reply = connection.getresponse()
    cookie = str(reply.headers["Set-Cookie"]).split(";", 1)[0]
    token = re.search(r'name="csrf_token" value="([^"]+)"', reply.read().decode())
    headers = {"Host": f"{HOST}:{port}", "Cookie": cookie, "Referer": f"http://{HOST}:{port}/sign-in",
               "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
    form = {"csrf_token": token[1] if token else "", "password": "a wrong password"}
    numbers = count()

    def guess() -> None:
        own = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        began, sent = time.monotonic(), 0
        while True:
            time.sleep(max(0.0, began + sent * THREADS / a_second - time.monotonic()))
            sent += 1
            try:
                own.request("POST", "/sign-in", urlencode({**form, "username": f"guess{next(numbers)}"}), headers)
                own.getresponse().read()
            except (http.client.HTTPException, OSError):
                own.close()

    threads = [threading.Thread(target=guess) for _ in range(THREADS)]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
