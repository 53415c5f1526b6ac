"""What tells one portal from the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask

from core.access.permissions import Right
from core.models import Role

# Where browsers send what a page tried against its policy: no sign-in is looked up there, nor kept alive.
CSP_REPORTS = "/csp-reports"
EXTENSION = "strata_portal"


@dataclass(frozen=True)
class NavItem:
    """A link in the bar: its endpoint, its words, and the right that shows it."""

    endpoint: str
    label: str
    right: Right


@dataclass(frozen=True)
class Portal:
    """A portal: its name (also of its template folder and cookie), who may sign in, and where they land."""

    name: str
    title: str
    host: str
    roles: frozenset[Role]
    home: str
    navigation: tuple[NavItem, ...] = ()
    needs_second_factor: bool = False


def portal(app: Flask) -> Portal:
    """The portal that an app serves."""
    return cast(Portal, app.extensions[EXTENSION])
