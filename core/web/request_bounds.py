"""How much one request may send, told before it is parsed: parsing is what makes a flood dear."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar

from flask import Flask, Request, abort, current_app, request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.utils import cached_property

View = TypeVar("View", bound=Callable[..., Any])

FORM_BYTES_MAX = 64 * 1024
LONG_TEXT_BYTES_MAX = 2 * 1024 * 1024
FIELDS_MAX = 1_000
URLENCODED = "application/x-www-form-urlencoded"
DECLARATION = "_strata_takes_long_text"


class BoundedParser(FormDataParser):
    """Counts the fields of a URL-encoded form before it makes them; werkzeug counts those of a multipart form only."""

    def parse(self, stream: IO[bytes], mimetype: str, content_length: int | None, options: Any = None) -> Any:
        """As werkzeug's. Raises RequestEntityTooLarge for more than FIELDS_MAX fields."""
        if mimetype == URLENCODED:
            body = stream.read()
            if body.count(b"&") >= FIELDS_MAX:
                raise RequestEntityTooLarge
            stream = BytesIO(body)
        rest, form, files = super().parse(stream, mimetype, content_length, options)
        return rest, without_nulls(form), files


def without_nulls(fields: MultiDict[str, str]) -> ImmutableMultiDict[str, str]:
    """The same fields without null characters, which nobody types and no database takes."""
    return ImmutableMultiDict(
        (name.replace("\0", ""), value.replace("\0", "")) for name, value in fields.items(multi=True)
    )


class BoundedRequest(Request):
    """A request whose fields are counted before they are made, and have no null characters."""

    form_data_parser_class = BoundedParser

    @cached_property
    def args(self) -> ImmutableMultiDict[str, str]:
        """The fields of the address."""
        return without_nulls(super().args)


def takes_long_text(view: View) -> View:
    """The endpoint takes a text of a million characters; it must need a sign-in. Put it under the route decorator."""
    setattr(view, DECLARATION, True)
    return view


def init_app(app: Flask) -> None:
    """Bound every request. Register before whatever reads a form, and after what refuses other hosts."""
    # Built on the class that the app has by now: an extension may have put its own there.
    app.request_class = type("BoundedRequest", (BoundedRequest, app.request_class), {})
    app.config.update(MAX_CONTENT_LENGTH=FORM_BYTES_MAX, MAX_FORM_MEMORY_SIZE=FORM_BYTES_MAX, MAX_FORM_PARTS=FIELDS_MAX)

    @app.before_request
    def _bound() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        if getattr(view, DECLARATION, False):
            request.max_content_length = request.max_form_memory_size = LONG_TEXT_BYTES_MAX
        if (request.content_length or 0) > (request.max_content_length or FORM_BYTES_MAX):
            abort(413)
