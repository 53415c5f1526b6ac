"""The server: OpenAI's chat completions over HTTP, a thread for each request."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evals.offline_model import MODEL
from evals.offline_model.misbehaviour import Behaviour
from evals.offline_model.replies import BadRequest, Reply, reply
from evals.recording import Recording

BODY_BYTES_MAX = 8_000_000
STALL_SECONDS_MAX = 600.0
KNOWN_SHAPES = {
    "strict": ("json_schema", "json_object", "none"),
    "object": ("json_object", "none"),
    "none": ("none",),
}
SLOW_SECONDS = 0.1


class OfflineModel:
    """A running server; `url` is the base address that clients take. Leaving the context stops it."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        misbehave: str = "off",
        controls: bool = False,
        schemas: str = "strict",
        recording: Recording | None = None,
    ) -> None:
        """`schemas` is what it can be told of an answer's shape: strict, object or none; it refuses more.

        With a `recording` it answers in a real model's words, and refuses what that model was not asked.
        """
        self.recording = recording
        self.behaviour = Behaviour(misbehave)
        self.controls, self.schemas = controls, schemas
        self.stopping = threading.Event()
        self._server = _Server((host, port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The address to give as OPENAI_BASE_URL."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/v1"

    def __enter__(self) -> OfflineModel:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], model: OfflineModel) -> None:
        self.model = model
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no fault of the server."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        listing = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "strata"}]}
        known: dict[str, dict[str, Any]] = {"/healthz": {"status": "ok", "model": MODEL}, "/v1/models": listing}
        found = known.get(self.path)
        self._send(Reply(200, found) if found is not None else _fault(404, "no such address"))

    def do_POST(self) -> None:
        try:
            body = self._body()
            if self.path == "/v1/chat/completions":
                self._complete(body)
            elif self.path == "/control" and self.server.model.controls:
                self.server.model.behaviour.set(str(body.get("misbehave", "off")), body.get("times"))
                self._send(Reply(200, {"status": "ok"}))
            else:
                self._send(_fault(404, "no such address"))
        except (BadRequest, ValueError) as fault:
            self._send(_fault(400, str(fault)))

    def _complete(self, request: dict[str, Any]) -> None:
        shape = (request.get("response_format") or {}).get("type", "none")
        if shape not in KNOWN_SHAPES[self.server.model.schemas]:
            raise BadRequest(f"response_format {shape} is not supported")
        mode = self.server.model.behaviour.next()
        if mode == "stall":
            self.server.model.stopping.wait(STALL_SECONDS_MAX)
            self.close_connection = True
            return
        if mode == "slow":
            self.server.model.stopping.wait(SLOW_SECONDS)
        self._send(reply(request, mode, self.server.model.recording), half=mode == "half")

    def _body(self) -> dict[str, Any]:
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_BYTES_MAX:
            raise BadRequest("the request is too large")
        body = json.loads(self.rfile.read(length) or b"{}")
        if not isinstance(body, dict):
            raise BadRequest("send a JSON object")
        return body

    def _send(self, answer: Reply, *, half: bool = False) -> None:
        content = json.dumps(answer.body, ensure_ascii=False).encode()
        try:
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if half else content)
            self.close_connection = self.close_connection or half
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: requests hold records."""


def _fault(status: int, message: str) -> Reply:
    return Reply(status, {"error": {"message": message, "type": "invalid_request_error"}})
