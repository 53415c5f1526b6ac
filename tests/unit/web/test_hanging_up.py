"""A stranger's too large form is hung up on after its answer; nobody else is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from gunicorn.config import Config
from gunicorn.http import RequestParser

from core.web.hanging_up import pre_request
from core.web.request_bounds import FORM_BYTES_MAX

TOO_MUCH = {"Content-Length": str(FORM_BYTES_MAX + 1)}
SIGNED_IN = {"Cookie": "a=b; __Host-strata_staff=token"}


def hangs_up(headers: Mapping[str, str]) -> bool:
    said = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "portal.localhost", **headers}.items())
    raw = f"POST /sign-in HTTP/1.1\r\n{said}\r\n".encode()
    request = next(RequestParser(Config(), iter([raw]), ("192.0.2.1", 1)))
    pre_request(None, request)
    return bool(request.should_close())


def test_a_strangers_too_large_form_is_hung_up_on() -> None:
    assert hangs_up(TOO_MUCH)
    assert hangs_up({**TOO_MUCH, "Cookie": "other=1"})


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Content-Length": str(FORM_BYTES_MAX)}, {"Content-Length": "0"}, {**TOO_MUCH, **SIGNED_IN},
        {"Transfer-Encoding": "chunked"},
    ],
)  # fmt: skip
def test_others_keep_their_connection(headers: dict[str, str]) -> None:
    assert not hangs_up(headers)
