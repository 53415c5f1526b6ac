"""Pages of the portals, asked for in this process by somebody who has signed in."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

import public_app
import staff_app
from core.access.sign_ins import SignIns
from core.models import Account, utc_now
from core.stores import databases, redis
from core.web.auth import CONFIRMED_AT

HOSTS = {"public": "https://portal.localhost", "staff": "https://staff.localhost"}


def signed_in(portal: str, account: Account) -> Callable[[str], None]:
    """What asks for a path as `account`, of the servers that are configured now; RuntimeError for a refusal."""
    settings = databases.current().settings
    app: Flask = (public_app if portal == "public" else staff_app).create_app(settings)
    client = app.test_client()
    with databases.write() as session:
        data = {"_user_id": str(account.id), "_fresh": True, CONFIRMED_AT: utc_now().isoformat()}
        token = SignIns(redis.client(), settings, portal).open(session, account, data)
    host = HOSTS[portal]
    client.set_cookie(f"__Host-strata_{portal}", token, domain=host.removeprefix("https://"), secure=True)

    def get(path: str) -> None:
        reply = client.get(path, base_url=host)
        if reply.status_code >= 400:
            raise RuntimeError(f"{path}: {reply.status_code}")

    return get
