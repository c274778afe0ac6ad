"""GET /still.zip: what is published now, as a still picture that another instance opens."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from flask import Response

from shared.still import packed

if TYPE_CHECKING:
    from flask import Flask

    from shared import Picture
    from visualizer.server.feed import Feed


def add(server: Flask, feed: Feed) -> None:
    """Add the route."""
    packer = _Packer()

    @server.get("/still.zip")
    def still() -> Response:
        picture, _ = feed.poll()
        if picture is None:
            return Response(b'{"error":"nothing has been published"}', 404, content_type="application/json")
        headers = {"Content-Disposition": f'attachment; filename="{_name(picture)}"', "Cache-Control": "no-store"}
        return Response(packer.packed(picture), content_type="application/zip", headers=headers)


class _Packer:
    """Packs a picture once, however often it is asked for, and one at a time: it takes some hundredths of a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: Picture | None = None
        self._payload = b""

    def packed(self, picture: Picture) -> bytes:
        with self._lock:
            if self._of is not picture:
                self._of, self._payload = picture, packed(picture)
            return self._payload


def _name(picture: Picture) -> str:
    """Letters that a header can hold; the rest of an instrument's name is a dash."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in picture.status.instrument)
    return f"{plain or 'replay'}_{picture.status.event_time_ms or 0}.zip"
