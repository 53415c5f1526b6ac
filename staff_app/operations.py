"""Figures of the running system."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from core import heavy
from core.permissions import Right
from core.queries import operations, tiers
from core.web.access import requires
from core.web.htmx import render

bp = Blueprint("operations", __name__, url_prefix="/operations")


@bp.get("")
@requires(Right.OPERATIONS_READ)
def show() -> Response:
    with heavy.read() as session:
        figures = operations.figures(session)
    return render("staff/operations/show.html", figures=figures, tiers=tiers.health())
