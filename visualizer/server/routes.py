"""What is served beside the page: /metrics, /health, /report.json, and the headers of every answer."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import TYPE_CHECKING, Final

import msgspec
from flask import Response

from shared import REPORT, encode, heartbeat_age_ms, machine_time
from visualizer.server.login import visitor
from visualizer.server.whole_requests import MAX_BODY_BYTES

if TYPE_CHECKING:
    from flask import Flask

    from visualizer.metrics.telemetry import Telemetry
    from visualizer.server.feed import Feed

_OF_A_PAGE: Final = ("text/javascript", "application/javascript", "text/css")
"""A policy means nothing for them, and would be a tenth of what a first load brings."""


def add(server: Flask, feed: Feed, telemetry: Telemetry, inline: list[str]) -> None:
    """Add the routes and headers to the server, whose page and form to sign in hold these scripts."""
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    headers = _headers(inline)

    @server.get("/metrics")
    def metrics() -> Response:
        picture, _ = feed.poll()
        text = telemetry.exposition(picture, _now_ms())
        return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")

    @server.get("/health")
    def health() -> Response:
        if visitor().right is None:
            return Response(b'{"status":"ok"}', content_type="application/json")
        picture, problem = feed.poll()
        body = {
            "status": "ok",
            "state": picture.status.state if picture else None,
            "data_age_ms": heartbeat_age_ms(picture.status, _now_ms(), machine_time()) if picture else None,
            "problem": problem,
        }
        return Response(msgspec.json.encode(body), content_type="application/json")

    @server.get("/report.json")
    def report() -> Response:
        picture, _ = feed.poll()
        found = None if picture is None else picture[REPORT]
        if found is None:
            body = {"error": "no data report has been published"}
            return Response(msgspec.json.encode(body), 404, content_type="application/json")
        pretty = msgspec.json.format(encode(found), indent=2)
        return Response(pretty, content_type="application/json", headers={"Cache-Control": "no-store"})

    @server.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(headers)
        if response.mimetype in _OF_A_PAGE:
            del response.headers["Content-Security-Policy"]
        return response


def _headers(inline: list[str]) -> dict[str, str]:
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *(f"'sha256-{digest}'" for digest in digests)]),
        # Dash writes a style element, our scripts write style attributes, and the form to sign in has a style element.
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        # Signing in and out.
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        # Browsers that are told to name no page do not name the origin of a form either, which `is_own` looks at.
        "Referrer-Policy": "same-origin",
    }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
