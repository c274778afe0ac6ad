"""POST /control, the one thing here that writes: what our own page asks for becomes the control file."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import structlog
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from shared import MAX_CONTROL_BYTES, MalformedCommand, WriteFailed, complete_command, send_command

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.datastructures import Headers

    from visualizer.server.settings import Settings

_log = structlog.get_logger()


def add(server: Flask, settings: Settings) -> None:
    """Add the route. It answers 202 with the command's `id`, or another status with an `error` that is a sentence."""

    @server.post("/control")
    def control() -> Response:
        if settings.control == "off" or not is_own(request.headers):
            off = "this page is read-only: VISUALIZER_CONTROL is off"
            return _refusal(403, off if settings.control == "off" else "a page of another site may not steer")
        if request.mimetype != "application/json":
            return _refusal(415, "expected Content-Type: application/json")
        request.max_content_length = MAX_CONTROL_BYTES
        try:
            command = complete_command(request.get_data())
            send_command(settings.control_dir, command)
        except RequestEntityTooLarge:
            return _refusal(413, f"a command has at most {MAX_CONTROL_BYTES} bytes")
        except MalformedCommand as malformed:
            return _refusal(400, malformed.reason)
        except WriteFailed as failure:
            _log.error("command_not_written", reason=str(failure))
            return _refusal(503, str(failure))
        _log.info("command_written", id=command.id, action=command.__struct_config__.tag)
        return _answer(202, {"id": command.id})


def is_own(headers: Headers) -> bool:
    """Whether a request comes from this server's own page, or from no page at all.

    Browsers say where a request comes from, and no page can make them lie: newer ones by Sec-Fetch-Site (over loopback
    and TLS), all of them by the Origin of a POST. What Origin is compared with is a name of ours by then (`names`).
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == headers.get("Host")


def _refusal(status: int, reason: str) -> Response:
    return _answer(status, {"error": reason})


def _answer(status: int, body: dict[str, str]) -> Response:
    return Response(msgspec.json.encode(body), status, content_type="application/json")
