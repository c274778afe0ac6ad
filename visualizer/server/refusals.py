"""What no page of ours sends is refused in a line, before Dash or Werkzeug stumbles over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import structlog
from dash.exceptions import DependencyException
from flask import Response, request
from gunicorn.http.errors import NoMoreData, ParseException  # type: ignore[import-untyped] # gunicorn has no types

if TYPE_CHECKING:
    from flask import Flask

_CALLBACK: Final = "/_dash-update-component"
_MOST_SHOWN: Final = 100

_log = structlog.get_logger()


class _Delta(msgspec.Struct):
    id: Literal["delta"]
    property: Literal["data"]


class _Tick(msgspec.Struct):
    id: Literal["tick"]
    property: Literal["n_intervals"]
    value: int | float | None = None


class _Known(msgspec.Struct):
    id: Literal["known"]
    property: Literal["data"]
    value: Any = None


class _Poll(msgspec.Struct):
    """What Dash's renderer sends for the one callback that there is; it may add keys."""

    output: Literal["delta.data"]
    outputs: _Delta
    inputs: tuple[_Tick]
    state: tuple[_Known]
    changedPropIds: list[str] = []  # noqa: N815 - its name there


_POLLS: Final = msgspec.json.Decoder(_Poll)


def add(server: Flask) -> None:
    """Answer 4xx, with a line of log, to malformed polls and bodies, and to names of scripts that there are not."""

    @server.before_request
    def refuse_malformed() -> Response | None:
        if request.path != _CALLBACK or request.method != "POST":
            return None
        if request.mimetype != "application/json":
            return _refusal(415, "expected Content-Type: application/json")
        try:
            _POLLS.decode(request.get_data())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return _refusal(400, f"this is no poll of the page: {error}")
        return None

    @server.errorhandler(ParseException)
    def refuse_body(error: Exception) -> Response:
        return _refusal(400, f"the request's body is malformed: {error}")

    @server.errorhandler(NoMoreData)
    def refuse_half(_error: Exception) -> Response:
        return _refusal(400, "the request's body ended too early")

    @server.errorhandler(TimeoutError)
    def refuse_late(_error: Exception) -> Response:
        return _refusal(408, "the request's body did not come in time")

    @server.errorhandler(RecursionError)
    def refuse_nesting(_error: Exception) -> Response:
        return _refusal(400, "the request is nested too deeply")

    @server.errorhandler(DependencyException)
    def refuse_script(_error: Exception) -> Response:
        return _refusal(404, "there is no such script")


def _refusal(status: int, reason: str) -> Response:
    shown = reason[:_MOST_SHOWN]
    _log.warning("request_refused", path=ascii(request.path[:_MOST_SHOWN]), status=status, reason=shown)
    return Response(f"{shown}\n", status, content_type="text/plain; charset=utf-8")
