"""POST /poll: what a page holds, answered with what has changed since.

It is no callback of Dash: its renderer would put each answer into a store of its own, and tell every component of the
page of it, which takes longer than to draw the picture (docs/decisions/0017-questions-past-dash.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Response, request

from visualizer.server.delta import known
from visualizer.server.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from visualizer.server.delta import Known

PATH: Final = "/poll"
_HEADERS: Final = {"Cache-Control": "no-store"}


def add(server: Flask, answered: Callable[[Known], dict[str, Any]]) -> None:
    """Add the route; `answered` says what a page that holds something is to be told."""

    @server.post(PATH)
    def poll() -> Response:
        if request.mimetype != "application/json":
            return refusal(415, "expected Content-Type: application/json")
        try:
            sent = msgspec.json.decode(request.get_data())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return refusal(400, f"this is no poll of the page: {error}")
        body = msgspec.json.encode(answered(known(sent)))
        return Response(body, content_type="application/json", headers=_HEADERS)
