"""Which names of an address or a form a portal reads to answer a request, told by the request itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.utils import cached_property


class Noting(ImmutableMultiDict[str, str]):
    """Fields that note the names that are asked for, there or not."""

    asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, *args: Any, **kwargs: Any) -> Any:
        self.asked.add(name)
        return super().get(name, *args, **kwargs)

    def getlist(self, name: str, *args: Any, **kwargs: Any) -> Any:
        self.asked.add(name)
        return super().getlist(name, *args, **kwargs)

    def keys(self) -> Any:
        return _Keys(super().keys(), self.asked)


class _Keys:
    """Keys as `&` and `in` ask for them."""

    def __init__(self, there: Any, asked: set[str]) -> None:
        self._there, self._asked = set(there), asked

    def __and__(self, names: Any) -> set[str]:
        self._asked.update(names)
        return self._there & set(names)

    __rand__ = __and__

    def __contains__(self, name: str) -> bool:
        self._asked.add(name)
        return name in self._there

    def __iter__(self) -> Iterator[str]:
        return iter(self._there)

    def __len__(self) -> int:
        return len(self._there)


@contextmanager
def noted(app: Flask) -> Iterator[set[str]]:
    """The names that requests to this portal ask for, for a `with` block."""
    kept: Any = app.request_class
    asked = set[str]()
    fields = type("Fields", (Noting,), {"asked": asked})

    class NotingRequest(kept):  # type: ignore[misc]
        parameter_storage_class = fields

        @cached_property
        def args(self) -> ImmutableMultiDict[str, str]:
            return fields(list(super().args.items(multi=True)))

    app.request_class = NotingRequest
    try:
        yield asked
    finally:
        app.request_class = kept
