"""What a page loads of Dash: what it uses, and that once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dash import Dash
from flask import request

if TYPE_CHECKING:
    from flask import Flask, Response

_SUITES: Final = "/_dash-component-suites/"
_UNUSED: Final = ("/dash_table/", "/dash/dcc/", "/polyfill@")
"""Dash names its tables and its core components on every page, and what browsers lack that know no modules; this page
has none of the former, and is nothing to the latter."""
PRELOADS: Final = "".join(
    f'<link rel="preload" href="/{name}" as="fetch" crossorigin>' for name in ("_dash-layout", "_dash-dependencies")
)
"""Tags for the page's head: what Dash asks for once it runs travels with its scripts."""
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


class Page(Dash):
    """Dash without the scripts that the page does not use."""

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override] # noqa: ANN401 - as Dash documents it
        """Dash's page."""
        scripts = [line for line in parts["scripts"].split("\n") if not any(part in line for part in _UNUSED)]
        page: str = super().interpolate_index(**parts | {"scripts": "\n".join(scripts)})  # type: ignore[no-untyped-call] # Dash types only a part
        return page


def add(server: Flask) -> None:
    """Let browsers keep Dash's scripts without asking again: an address has the version, and changes with it."""

    @server.after_request
    def keep(response: Response) -> Response:
        if request.path.startswith(_SUITES) and response.cache_control.max_age:
            response.headers["Cache-Control"] = _FOR_GOOD
        return response
