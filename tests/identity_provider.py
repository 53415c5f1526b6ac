"""An OpenID Connect provider on this machine: signs in whoever it is told to, as it is told to."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "strata", "a secret of the tests"


@dataclass
class IdentityProvider:
    """`claims` overrides what the next ID token says; a None takes a claim out. `key` signs it."""

    issuer: str
    published: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    key: RSAKey | None = None
    algorithm: str = "RS256"
    username: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    down: bool = False

    def sign_in(self, address: str) -> str:
        """What a person does at the authorization endpoint; returns the query that the browser is sent back with."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code{len(self.codes)}"
        self.codes[code] = self.asked
        return f"code={code}&state={self.asked['state']}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The token endpoint's answer; None refuses. Each code is good once, for who began, with its verifier."""
        asked = self.codes.pop(form.get("code", ""), None)
        wanted = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {wanted}" or form.get("redirect_uri") != asked["redirect_uri"]:
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return None
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT_ID, "sub": "7", "iat": now, "exp": now + 300,
                "nonce": asked["nonce"], "preferred_username": self.username, **self.claims}  # fmt: skip
        said = {name: value for name, value in said.items() if value is not None}
        key = self.key or self.published
        id_token = jwt.encode({"alg": self.algorithm, "kid": "one"}, said, key, algorithms=[self.algorithm])
        return {"access_token": "unused", "token_type": "Bearer", "id_token": id_token}


@contextmanager
def running() -> Iterator[IdentityProvider]:
    """A provider that answers over HTTP until the block ends."""
    provider = IdentityProvider("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/.well-known/openid-configuration":
                base = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
                self._answer({"issuer": provider.issuer, "authorization_endpoint": f"{base}/authorize",
                              "token_endpoint": f"{base}/token", "jwks_uri": f"{base}/keys"})  # fmt: skip
            else:
                self._answer({"keys": [provider.published.as_dict(private=False)]})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(provider.token(form, self.headers.get("Authorization", "")))

        def _answer(self, said: dict[str, Any] | None) -> None:
            status = 503 if provider.down else 400 if said is None else 200
            body = json.dumps(said or {"error": "invalid_grant"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_told: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
