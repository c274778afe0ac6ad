"""The messages of IEX's feeds DEEP and TOPS in IEX-TP datagrams: those of one stock as columns.

A datagram (segment) starts with 40 bytes: version, protocol, channel, session, length and number of its messages,
and the number of the first in the session, from 1. Each message has its length before it in two bytes. A message starts
with its type (a letter), flags, its time (nanoseconds since 1970, UTC) and, but for the system's, the stock in eight
bytes. Numbers are little-endian. Later versions may append fields to messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.formats.disk.captures import datagram, little_endian
from processor.formats.iex_order import SEGMENT
from processor.with_numba import njit

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Ints: TypeAlias = NDArray[np.int64]
    Table: TypeAlias = NDArray[Any]

TOPS: Final = (0x8002, 0x8003)
"""Version 1.5, and 1.6."""
DEEP: Final = 0x8004
DEEP_PLUS: Final = 0x8005

_VERSION: Final = 1
HEADER_BYTES: Final = 40
_FIRST_TIME_AT: Final = HEADER_BYTES + 4
PROTOCOL_AT, CHANNEL_AT, SESSION_AT, _LENGTH_AT, _COUNT_AT, FIRST_AT, SENT_AT = 2, 4, 8, 12, 14, 24, 32

BID_LEVEL, ASK_LEVEL, QUOTE, TRADE, BROKEN = map(ord, "85QTB")
_NEEDED: Final = np.zeros(256, np.int64)
_NEEDED[[BID_LEVEL, ASK_LEVEL, QUOTE, TRADE, BROKEN]] = 30, 30, 42, 38, 38
"""The minimum length of each message that is read."""
_STOCK_AT: Final = 10
STOCK_BYTES: Final = 8
_WITHOUT_STOCK, _DIRECTORY = map(ord, "SD")
_SHORTEST: Final = 2 + _STOCK_AT + STOCK_BYTES
"""A message that names a stock, with its length."""

MESSAGE: Final = np.dtype(
    [
        ("arrival", np.int64), ("number", np.int64), ("packet", np.int64), ("time", np.int64), ("type", np.uint8),
        ("complete", np.uint8), ("size", np.int64), ("price", np.int64), ("ask_size", np.int64),
        ("ask_price", np.int64), ("id", np.int64),
    ]
)  # fmt: skip
"""The fields kept of a level, a quote or a trade; missing ones are 0.

`arrival` is the number of its segment in the session, from 0 in the order of arrival; `number` its own in the session,
`packet` the packet's in the file, from 1; `complete` says whether the book is no longer in transition. One that is too
short is of type SHORT.
"""

SHORT: Final = 0
FINDING: Final = np.dtype([("packet", np.int64), ("what", np.int64)])
"""What is wrong with a packet."""
NOT_WHOLE, BROKEN_SEGMENT, OTHER_SESSION = range(3)
_SOUND, _PASSED_OVER = -1, -2
_LARGEST: Final = 1 << 62
"""All message numbers are lower."""

_ARRIVALS, _PACKETS, _OTHERS, _PROTOCOL, _CHANNEL, _SESSION, _FILE = range(7)


class Chooser:
    """Finds the segments of a session of a protocol and the messages of one stock in them, packet after packet."""

    def __init__(self, stock: str, protocol: int, channel: int, session: int) -> None:
        self._stock = int.from_bytes(stock.ljust(STOCK_BYTES).encode("ascii"), "little", signed=True)
        self._state = np.array([0, 0, 0, protocol, channel, session, -1], np.int64)
        """Segments so far; packets of the file, and those of other feeds; the wanted feed; files before this one."""

    @property
    def packets(self) -> int:
        """The number of packets of the file so far."""
        return int(self._state[_PACKETS])

    @property
    def others(self) -> int:
        """How many of them were of other IEX feeds."""
        return int(self._state[_OTHERS])

    def begin_file(self) -> None:
        """Restart the count of packets for another file."""
        self._state[_PACKETS] = self._state[_OTHERS] = 0
        self._state[_FILE] += 1

    def choose(self, content: Bytes, starts: Ints, lengths: Ints, expected: int) -> tuple[Table, Table, Table]:
        """The stock's messages in these packets, the segments, and the faults of packets.

        Consecutive segments from the `expected` number on are joined to one.
        """
        messages = np.empty(len(content) // _SHORTEST + 1, MESSAGE)
        segments = np.empty(len(starts), SEGMENT)
        findings = np.empty(len(starts), FINDING)
        tables = messages, segments, findings
        counts = _choose(content, starts, lengths, self._stock, _NEEDED, *tables, self._state, expected)
        return messages[: counts[0]], segments[: counts[1]], findings[: counts[2]]


@njit(cache=True, nogil=True)
def _is_segment(content: Bytes, at: int, length: int) -> bool:
    return length >= HEADER_BYTES and content[at] == _VERSION


@njit(cache=True, nogil=True)
def _choose(
    content: Bytes,
    starts: Ints,
    lengths: Ints,
    stock: int,
    needed: Ints,
    messages: Table,
    segments: Table,
    findings: Table,
    state: Ints,
    expected: int,
) -> tuple[int, int, int]:
    """Fill `messages`, `segments` and `findings`; returns the number of each."""
    count = 0
    taken = 0
    found = 0
    for packet in range(len(starts)):
        state[_PACKETS] += 1
        at, length = datagram(content, starts[packet], lengths[packet])
        verdict = _judged(content, at, length, state)
        if verdict == _PASSED_OVER:
            continue
        if verdict != _SOUND:
            findings[found].packet, findings[found].what = state[_PACKETS], verdict
            found += 1
            if verdict == OTHER_SESSION:
                break
            continue
        first = little_endian(content, at + FIRST_AT, 8)
        beyond = first + little_endian(content, at + _COUNT_AT, 2)
        if taken == 1 and first == expected:
            segments[0].beyond = beyond
        else:
            _note(content, at, first, beyond, state, segments[taken])
            taken += 1
            state[_ARRIVALS] += 1
        expected = beyond if first == expected else -1
        count = _take(content, at, first, stock, needed, messages, count, state)
    return count, taken, found


@njit()
def _judged(content: Bytes, at: int, length: int, state: Ints) -> int:
    """The state of a datagram: a valid segment of the session, not of the feed, or a fault."""
    if length < 0:
        return NOT_WHOLE
    if not _is_segment(content, at, length):
        return _PASSED_OVER
    if little_endian(content, at + PROTOCOL_AT, 2) != state[_PROTOCOL]:
        state[_OTHERS] += 1
        return _PASSED_OVER
    if not _fits(content, at, length):
        return BROKEN_SEGMENT
    channel, session = little_endian(content, at + CHANNEL_AT, 4), little_endian(content, at + SESSION_AT, 4)
    return _SOUND if channel == state[_CHANNEL] and session == state[_SESSION] else OTHER_SESSION


@njit()
def _note(content: Bytes, at: int, first: int, beyond: int, state: Ints, row: Any) -> None:  # noqa: ANN401 - a record
    """Fill in the fields of a segment that are known before sorting."""
    row.arrival, row.file, row.packet = state[_ARRIVALS], state[_FILE], state[_PACKETS]
    row.sent_ns = little_endian(content, at + SENT_AT, 8)
    row.first, row.beyond, row.start = first, beyond, beyond
    row.missing, row.repeated, row.late = 0, 0, 0
    row.alone, row.early, row.misnumbered = False, False, False
    has_time = beyond > first and little_endian(content, at + HEADER_BYTES, 2) >= _STOCK_AT
    row.message_ns = little_endian(content, at + _FIRST_TIME_AT, 8) if has_time else 0


@njit()
def _take(
    content: Bytes, at: int, first: int, stock: int, needed: Ints, messages: Table, count: int, state: Ints
) -> int:
    """Keep the stock's messages of a segment; returns the number of messages kept."""
    place = at + HEADER_BYTES
    arrival = state[_ARRIVALS] - 1
    for number in range(little_endian(content, at + _COUNT_AT, 2)):
        size = little_endian(content, place, 2)
        place += 2
        kind = content[place]
        names_stock = needed[kind] and size >= _STOCK_AT + STOCK_BYTES
        if names_stock and little_endian(content, place + _STOCK_AT, STOCK_BYTES) == stock:
            row = messages[count]
            row.arrival, row.number, row.packet = arrival, first + number, state[_PACKETS]
            if size < needed[kind]:
                row.type, row.time, row.price, row.ask_price = SHORT, 0, 0, 0
            else:
                _keep(content, place, kind, row)
            count += 1
        place += size
    return count


@njit()
def _fits(content: Bytes, at: int, length: int) -> bool:
    """Whether the messages of a segment have the stated length, fit into it, and none is empty."""
    place = at + HEADER_BYTES
    end = place + little_endian(content, at + _LENGTH_AT, 2)
    if end > at + length or not 0 <= little_endian(content, at + FIRST_AT, 8) < _LARGEST:
        return False
    for _ in range(little_endian(content, at + _COUNT_AT, 2)):
        if place + 2 > end:
            return False
        size = little_endian(content, place, 2)
        place += 2 + size
        if size == 0:
            return False
    return place == end


@njit()
def _keep(content: Bytes, at: int, kind: int, row: Any) -> None:  # noqa: ANN401 - a record
    row.type = kind
    row.complete = content[at + 1] & 1
    row.time = little_endian(content, at + 2, 8)
    row.size = little_endian(content, at + 18, 4)
    row.price = little_endian(content, at + 22, 8)
    row.ask_price = 0
    row.ask_size = 0
    row.id = 0
    if kind == QUOTE:
        row.ask_price = little_endian(content, at + 30, 8)
        row.ask_size = little_endian(content, at + 38, 4)
    elif kind in (TRADE, BROKEN):
        row.id = little_endian(content, at + 30, 8)


def stocks_in(content: Bytes, starts: Ints, lengths: Ints, protocol: int, *, listed: bool) -> set[bytes]:
    """The stocks, as bytes, in the directory messages (`listed`) or in any messages of these packets."""
    found = np.empty(len(content) // _SHORTEST + 1, np.int64)
    count = _stocks(content, starts, lengths, protocol, listed, found)
    return {int(stock).to_bytes(STOCK_BYTES, "little", signed=True) for stock in np.unique(found[:count])}


@njit(cache=True, nogil=True)
def _stocks(
    content: Bytes,
    starts: Ints,
    lengths: Ints,
    protocol: int,
    listed: bool,  # noqa: FBT001 - a kernel
    found: Ints,
) -> int:
    """Fill `found` with the stock of each message, as a number; returns the number of messages."""
    count = 0
    for packet in range(len(starts)):
        at, length = datagram(content, starts[packet], lengths[packet])
        if not _is_segment(content, at, length) or not _fits(content, at, length):
            continue
        if little_endian(content, at + PROTOCOL_AT, 2) != protocol:
            continue
        place = at + HEADER_BYTES
        for _ in range(little_endian(content, at + _COUNT_AT, 2)):
            size = little_endian(content, place, 2)
            place += 2
            kind = content[place]
            wanted = kind == _DIRECTORY if listed else kind != _WITHOUT_STOCK
            if wanted and size >= _STOCK_AT + STOCK_BYTES:
                found[count] = little_endian(content, place + _STOCK_AT, STOCK_BYTES)
                count += 1
            place += size
    return count


@njit(cache=True, nogil=True)
def segments(content: Bytes, starts: Ints, lengths: Ints, found: Ints) -> int:
    """Fill `found` with the starts of whole segments of IEX-TP; returns the number of segments."""
    count = 0
    for packet in range(len(starts)):
        at, length = datagram(content, starts[packet], lengths[packet])
        if _is_segment(content, at, length) and _fits(content, at, length):
            found[count] = at
            count += 1
    return count
