"""Pictures made on the server."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """A QR code as SVG, dark on white in any colour scheme, as scanners want it."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(scale=5, border=3, light="#fff", dark="#000", title="QR code"))  # noqa: S704
