"""How much of a request has come: threads are given whole ones only, so that none waits for a slow client. Pure."""

from __future__ import annotations

import re
from typing import Final

MAX_HEAD_BYTES: Final = 32_768
MAX_BODY_BYTES: Final = 65_536
"""A poll is some hundred bytes; nothing longer is ever sent here."""

_END_OF_HEAD: Final = b"\r\n\r\n"
_END_OF_CHUNKS: Final = b"\r\n0\r\n\r\n"
_LENGTH: Final = re.compile(rb"^content-length[ \t]*:[ \t]*([0-9]+)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_CHUNKED: Final = re.compile(rb"^transfer-encoding[ \t]*:", re.IGNORECASE | re.MULTILINE)


def is_whole(received: bytes | bytearray) -> bool | int:
    """Whether a request can be parsed without waiting, or the status to refuse it with.

    Whatever cannot be told from here counts as whole, as the parser of the server refuses it. A body in
    chunks is only searched for its end: one that only seems to have it is waited for by a thread, but not for long.
    """
    end = received.find(_END_OF_HEAD)
    if end < 0:
        return 431 if len(received) > MAX_HEAD_BYTES else False
    if end > MAX_HEAD_BYTES:
        return 431
    head = bytes(received[:end]).replace(b"\r", b"")
    body_bytes = len(received) - end - len(_END_OF_HEAD)
    if _CHUNKED.search(head):
        # That of the head is also the line end before the first chunk.
        if received.find(_END_OF_CHUNKS, end + 2) >= 0:
            return True
        return 413 if body_bytes > MAX_BODY_BYTES else False
    lengths = _LENGTH.findall(head)
    if len(lengths) != 1:
        return True
    wanted = int(lengths[0][:20])
    return 413 if wanted > MAX_BODY_BYTES else body_bytes >= wanted
