"""POST /control, the one thing here that writes: what our own page asks for becomes the control file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import structlog
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from shared import MAX_CONTROL_BYTES, MalformedCommand, WriteFailed, complete_command, send_command
from visualizer.server.login import visitor
from visualizer.server.origins import is_own

if TYPE_CHECKING:
    from flask import Flask

    from visualizer.server.login import Login
    from visualizer.server.settings import Settings

_log = structlog.get_logger()


def add(server: Flask, settings: Settings, login: Login | None) -> None:
    """Add the route, which `login` limits to those who may steer, and in how often they may.

    It answers 202 with the command's `id`, or another status with an `error` that is a sentence.
    """

    @server.post("/control")
    def control() -> Response:
        refusal = _refused(settings, login)
        if refusal is not None:
            return refusal
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


def _refused(settings: Settings, login: Login | None) -> Response | None:
    """The answer to a request that may send no command, whatever it holds."""
    if settings.control == "off":
        return _refusal(403, "this page is read-only: VISUALIZER_CONTROL is off")
    if not is_own(request.headers):
        return _refusal(403, "a page of another site may not steer")
    if visitor().right != "steer":
        return _refusal(403, "this token may only watch; sign in with the other one (VISUALIZER_TOKEN) to steer")
    if request.mimetype != "application/json":
        return _refusal(415, "expected Content-Type: application/json")
    if login is not None and (wait_s := login.command_wait_s()):
        refusal = _refusal(429, f"too many commands at once; send the next in {wait_s} s")
        refusal.headers["Retry-After"] = str(wait_s)
        return refusal
    return None


def _refusal(status: int, reason: str) -> Response:
    return _answer(status, {"error": reason})


def _answer(status: int, body: dict[str, str]) -> Response:
    return Response(msgspec.json.encode(body), status, content_type="application/json")
