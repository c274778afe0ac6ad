"""The prefix that recorders write before each JSON message of a websocket, and the times in prefix and message."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import numpy as np

CONNECTION: Final = b"wss://"
"""The start of lines that record a connection or what was sent over it."""

_PREFIX: Final = re.compile(rb"(?:(\d{10}|\d{13}|\d{16}|\d{19})(?:\.(\d+))?:? )?(?=[\[{])")
_ISO: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)", re.ASCII)
_DECIMALS: Final = {10: 9, 13: 6, 16: 3, 19: 0}
"""The digits missing to ns, by the number of digits of a time of this century in s, ms, us or ns."""
_FIRST_LINES: Final = 3
_MAX_NS: Final = int(np.iinfo(np.int64).max)


def is_recorded(head: bytes) -> bool:
    """Whether one of the first lines of a file is from a recorder: the first line may be damaged."""
    first = head.split(b"\n", _FIRST_LINES)[:_FIRST_LINES]
    return any(line.startswith(CONNECTION) or _PREFIX.match(line) for line in first)


def without_prefix(row: bytes) -> tuple[int | None, memoryview]:
    """The time of receipt in ns (None if the line has none) and the message.

    Raises:
        ValueError: the line is neither a message nor a message with its time before it.
    """
    found = _PREFIX.match(row)
    if found is None:
        msg = "the line is not a JSON message, with or without a local time in s, ms, us or ns before it"
        raise ValueError(msg)
    local_ns = None if found[1] is None else _to_ns(found[1].decode(), (found[2] or b"").decode())
    return local_ns, memoryview(row)[found.end() :]


def epoch_ns(time: str | int) -> int:
    """A time since the Unix epoch in ns; its digits show whether it is in s, ms, us or ns. It may have decimals.

    Raises:
        ValueError: it is not such a time of this century.
    """
    whole, _, fraction = str(time).partition(".")
    return _to_ns(whole, fraction)


def iso_ns(time: str) -> int:
    """A date and time of day in UTC with up to 9 decimals in ns since the Unix epoch.

    Raises:
        ValueError: it is not a date and time in UTC.
    """
    found = _ISO.fullmatch(time)
    try:
        moment = datetime.fromisoformat(found[1] if found else "")
    except ValueError:
        found = None
    if found is None:
        msg = f"time {time[:40]!r} is not a date and time in UTC"
        raise ValueError(msg)
    second = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return _in_range((second.days * 86_400 + second.seconds) * 10**9 + int((found[2] or "").ljust(9, "0")), time)


def _to_ns(whole: str, fraction: str) -> int:
    decimals = _DECIMALS.get(len(whole))
    if decimals is None or not (whole + fraction).isascii() or not (whole + fraction).isdigit():
        shown = f"{whole}.{fraction}" if fraction else whole
        msg = f"time {printable(shown)} is not in s, ms, us or ns"
        raise ValueError(msg)
    return _in_range(int(whole + fraction[:decimals].ljust(decimals, "0")), whole)


def printable(value: object) -> str:
    """The start of a value from a message, in characters that a terminal can show."""
    text = str(value)[:40]
    return text if text.isprintable() else repr(text)


def _in_range(time_ns: int, shown: str) -> int:
    if not 0 <= time_ns <= _MAX_NS:
        msg = f"time {shown} does not fit into 64 bits of ns"
        raise ValueError(msg)
    return time_ns
