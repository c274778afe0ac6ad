"""What no page of ours sends is refused in a line, before Dash or Werkzeug stumbles over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from dash.exceptions import DependencyException
from flask import Response, request
from gunicorn.http.errors import NoMoreData, ParseException  # type: ignore[import-untyped] # gunicorn has no types

if TYPE_CHECKING:
    from flask import Flask

_CALLBACK: Final = "/_dash-update-component"
_MOST_SHOWN: Final = 100

_log = structlog.get_logger()


def add(server: Flask) -> None:
    """Answer 4xx, with a line of log, to malformed bodies, and to callbacks and scripts that there are not."""

    @server.before_request
    def refuse_callback() -> Response | None:
        # All of the page's callbacks run in the browser, and Dash stumbles over those that it does not know.
        return refusal(404, "the page has no callback here; it asks POST /poll") if request.path == _CALLBACK else None

    @server.errorhandler(ParseException)
    def refuse_body(error: Exception) -> Response:
        return refusal(400, f"the request's body is malformed: {error}")

    @server.errorhandler(NoMoreData)
    def refuse_half(_error: Exception) -> Response:
        return refusal(400, "the request's body ended too early")

    @server.errorhandler(TimeoutError)
    def refuse_late(_error: Exception) -> Response:
        return refusal(408, "the request's body did not come in time")

    @server.errorhandler(RecursionError)
    def refuse_nesting(_error: Exception) -> Response:
        return refusal(400, "the request is nested too deeply")

    @server.errorhandler(DependencyException)
    def refuse_script(_error: Exception) -> Response:
        return refusal(404, "there is no such script")


def refusal(status: int, reason: str) -> Response:
    """An answer of one line, which is also one of the log."""
    shown = reason[:_MOST_SHOWN]
    _log.warning("request_refused", path=ascii(request.path[:_MOST_SHOWN]), status=status, reason=shown)
    return Response(f"{shown}\n", status, content_type="text/plain; charset=utf-8")
