"""Open pages are told over a WebSocket that something was published, so that they ask at once. Pure but for the thread.

The message is empty: what is new, the page asks for as ever. So nothing depends on it, and a page that is told nothing
asks by its clock.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from typing import TYPE_CHECKING, Final

import structlog

from shared import DirectoryWatch
from visualizer.server import hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

PATH: Final = "/news"
NEWS: Final = b"\x81\x00"
"""An empty message of text (RFC 6455, section 5.2)."""
TRY_LATER: Final = b"\x88\x02\x03\xf5"
"""An end with code 1013: the server has no room."""

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES: Final = 16
START: Final = f"GET {PATH} HTTP/1.1\r\n".encode()
_WAIT_S: Final = 1.0
_RETRY_S: Final = 5.0

_log = structlog.get_logger()


def greeting(
    request: bytes | bytearray, names: Collection[str], watch_s: Callable[[str], float]
) -> tuple[bytes, float] | None:
    """The answer that makes a WebSocket of a whole `request`, and for how many seconds; None for one not to be told.

    `watch_s` says of the cookies of a request for how long who sends them may be told.
    A browser lets pages of any origin open WebSockets, so the origin must be the host that is asked, and that ours.
    """
    if not request.startswith(START):
        return None
    lines = request[len(START) :].decode("latin-1").split("\r\n")
    fields = [line.partition(":") for line in lines if line]
    headers = {name.lower(): value.strip() for name, _, value in fields}
    if len(headers) != len(fields):
        return None
    host = headers.get("host", "")
    is_ours = hosts.is_ours(host, names) and headers.get("origin", "").partition("://")[2] == host
    is_upgrade = headers.get("upgrade", "").lower() == "websocket" and headers.get("sec-websocket-version") == "13"
    key = headers.get("sec-websocket-key", "")
    if not (is_ours and is_upgrade and _is_key(key)):
        return None
    for_s = watch_s(headers.get("cookie", ""))
    if for_s <= 0:
        return None
    accept = base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest())
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    return answer, for_s


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key.encode(), validate=True)) == _KEY_BYTES
    except ValueError:
        return False


def watch(directory: Path, tell: Callable[[], None], is_wanted: Callable[[], bool]) -> None:
    """Call `tell` from a thread of its own at each publication into `directory`, as long as that is wanted.

    In a thread, as a file system that does not answer stops who asks it. Where nothing can be watched, nothing is told.
    """
    threading.Thread(target=_run, args=(directory, tell, is_wanted), name="news", daemon=True).start()


def _run(directory: Path, tell: Callable[[], None], is_wanted: Callable[[], bool]) -> None:
    complained = False
    while is_wanted():
        try:
            watched = DirectoryWatch(directory)
            try:
                while is_wanted():
                    if watched.wait(_WAIT_S) and is_wanted():
                        tell()
            finally:
                watched.close()
        except OSError as error:
            if not complained:
                _log.warning("directory_not_watched", reason=str(error), effect="pages ask by their clock only")
            complained = True
            time.sleep(_RETRY_S)
