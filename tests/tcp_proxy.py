"""A way to a server that a test can cut, or let fall silent."""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
CHUNK_BYTES = 1 << 16
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class TcpProxy:
    """Forwards 127.0.0.1:`port` to a server's port. A context manager.

    `silence` keeps every connection and forwards nothing, as a network does that loses all packets; `cut` resets every
    connection and each new one; `heal` forwards again, and ends the connections that a silence has spoilt. What the
    server sends is `delay_seconds` on its way.
    """

    def __init__(self, server_port: int, port: int = 0) -> None:
        self.server_port = server_port
        self._listener = socket.create_server((HOST, port))
        self.port: int = self._listener.getsockname()[1]
        self._forwards = threading.Event()
        self._forwards.set()
        self._refuses = False
        self.delay_seconds = 0.0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()

    def url(self, server_url: str) -> str:
        """The server's address by way of this proxy."""
        return server_url.replace(f":{self.server_port}/", f":{self.port}/")

    def silence(self) -> None:
        self._forwards.clear()

    def cut(self) -> None:
        self._refuses = True
        self._reset_all()

    def heal(self) -> None:
        if not self._forwards.is_set():
            self._reset_all()
        self._refuses = False
        self._forwards.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Only `shutdown` wakes a thread that is blocked in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.heal()
        self._reset_all()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refuses:
                _reset(client)
                continue
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._forwards.wait()
        try:
            server = socket.create_connection((HOST, self.server_port))
        except OSError:
            _reset(client)
            return
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._pairs.append((client, server))
        threading.Thread(target=self._pump, args=(server, client), daemon=True).start()
        self._pump(client, server)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            is_server = source.getpeername()[1] == self.server_port
            while data := source.recv(CHUNK_BYTES):
                self._forwards.wait()
                if is_server:
                    time.sleep(self.delay_seconds)
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _reset_all(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                _reset(end)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        end.shutdown(socket.SHUT_RDWR)
    end.close()


if __name__ == "__main__":
    # As a process of its own, which forwards its first port to its second until it is ended, or who began it.
    parent = os.getppid()
    with TcpProxy(int(sys.argv[2]), int(sys.argv[1])):
        while os.getppid() == parent:
            time.sleep(1)
