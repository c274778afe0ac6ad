"""The messages of NASDAQ TotalView-ITCH 5.0: their positions, and those of one stock as columns.

Every message starts with its type (a letter), the stock's locate code of the day (two bytes), a tracking number (two)
and its time (six: nanoseconds since midnight in New York); numbers are big-endian. Each has its length before it in two
bytes, which some programs that split files always write as zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.with_numba import njit

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Ints: TypeAlias = NDArray[np.int64]
    Messages: TypeAlias = NDArray[Any]

PREFIX_BYTES: Final = 2
_SHORTEST: Final = 12
_SHORTEST_KEPT: Final = 19

_LENGTHS: Final = {
    "S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21, "A": 36, "F": 40, "E": 31,
    "C": 36, "X": 23, "D": 19, "U": 35, "P": 44, "Q": 40, "B": 19, "I": 50, "N": 20, "O": 48,
}  # fmt: skip
_STOCKS_AT: Final = {"R": 11, "A": 24, "F": 24, "P": 24, "Q": 19}
"""The offset of the stock (eight bytes) in each message that is read."""
STOCK_BYTES: Final = 8

MESSAGE: Final = np.dtype(
    [
        ("line", np.int64), ("time", np.int64), ("order", np.int64), ("other", np.int64), ("size", np.int64),
        ("price", np.int64), ("stock", np.uint64), ("type", np.uint8), ("side", np.uint8), ("printable", np.uint8),
    ]
)  # fmt: skip
"""The fields kept of a message about orders or trades; missing ones are 0.

`line` is its number in the file from 1, `other` the order that replaces this one, or the number of the match.
"""

SOUND: Final = 0
UNKNOWN_TYPE: Final = 1
WRONG_LENGTH: Final = 2

_A, _B, _C, _D, _E, _F, _P, _Q, _R, _S, _U, _X = map(ord, "ABCDEFPQRSUX")


def _by_type(meaning: dict[str, int]) -> Ints:
    table = np.zeros(256, np.int64)
    for letter, value in meaning.items():
        table[ord(letter)] = value
    return table


LENGTHS: Final = _by_type(_LENGTHS)
STOCKS_AT: Final = _by_type(_STOCKS_AT)
_KEPT: Final = _by_type(dict.fromkeys("AFECXDUPQB", 1))


def places(content: Bytes, *, bare: bool) -> tuple[Ints, int]:
    """The start of each whole message (after its length), and the fault of the message after the last.

    `bare`: all lengths are written as zero.
    """
    found = np.empty(len(content) // (PREFIX_BYTES + _SHORTEST) + 1, np.int64)
    count, fault = _places(content, bare, LENGTHS, found)
    return found[:count], fault


class Chooser:
    """Finds the messages of one stock in a file, block after block."""

    def __init__(self, locate: int, *, bare: bool) -> None:
        self._locate = locate
        self._bare = bare
        self._state = np.zeros(2, np.int64)

    @property
    def seen(self) -> int:
        """The number of messages of all stocks so far."""
        return int(self._state[0])

    @property
    def event(self) -> int:
        """The letter of the last system event, 0 before the first."""
        return int(self._state[1])

    def choose(self, content: Bytes) -> tuple[Messages, int, int]:
        """The stock's messages, the end of the last whole message, and the fault of the next one."""
        room = np.empty(len(content) // (PREFIX_BYTES + _SHORTEST_KEPT) + 1, MESSAGE)
        count, end, fault = _choose(content, self._bare, self._locate, LENGTHS, _KEPT, STOCKS_AT, room, self._state)
        return room[:count], end, fault


@njit(inline="always")
def _whole(content: Bytes, at: int, bytes_: int) -> int:
    """A big-endian number."""
    number = 0
    for place in range(at, at + bytes_):
        number = (number << 8) | int(content[place])
    return number


@njit(inline="always")
def _length(content: Bytes, at: int, bare: bool, lengths: Ints) -> tuple[int, int]:  # noqa: FBT001 - a kernel
    """The length of the message at `at`, 0 at the end of a session; and the fault."""
    stated = _whole(content, at, PREFIX_BYTES)
    if stated == 0 and not bare:
        return 0, SOUND
    length = lengths[content[at + PREFIX_BYTES]]
    if length == 0:
        return 0, UNKNOWN_TYPE
    if stated != (0 if bare else length):
        return 0, WRONG_LENGTH
    return length, SOUND


@njit(cache=True, nogil=True)
def _places(content: Bytes, bare: bool, lengths: Ints, found: Ints) -> tuple[int, int]:  # noqa: FBT001 - a kernel
    """Fill `found`; returns the number of messages, and the fault of the next one."""
    count = 0
    at = 0
    while at + PREFIX_BYTES < len(content):
        length, fault = _length(content, at, bare, lengths)
        if fault:
            return count, fault
        at += PREFIX_BYTES
        if at + length > len(content):
            break
        if length:
            found[count] = at
            count += 1
        at += length
    return count, SOUND


@njit(cache=True, nogil=True)
def _choose(
    content: Bytes,
    bare: bool,  # noqa: FBT001 - a kernel
    locate: int,
    lengths: Ints,
    kept: Ints,
    stocks_at: Ints,
    room: Messages,
    state: Ints,
) -> tuple[int, int, int]:
    """Fill `room`; returns the number of messages, the end of the last one, and the fault of the next one."""
    count = 0
    at = 0
    seen = state[0]
    fault = SOUND
    while at + PREFIX_BYTES < len(content):
        length, fault = _length(content, at, bare, lengths)
        start = at + PREFIX_BYTES
        if fault or start + length > len(content):
            break
        at = start + length
        if not length:
            continue
        seen += 1
        kind = content[start]
        if kept[kind] and _whole(content, start + 1, 2) == locate:
            _keep(content, start, kind, stocks_at[kind], seen, room[count])
            count += 1
        elif kind == _S:
            state[1] = content[start + 11]
    if fault == SOUND and at + PREFIX_BYTES == len(content) and not bare and _whole(content, at, PREFIX_BYTES) == 0:
        at = len(content)
    state[0] = seen
    return count, at, fault


@njit()
def _keep(content: Bytes, start: int, kind: int, stock_at: int, line: int, row: Any) -> None:  # noqa: ANN401 - a record
    row.line = line
    row.type = kind
    row.time = _whole(content, start + 5, 6)
    row.order = 0
    row.other = 0
    row.size = 0
    row.price = 0
    row.stock = 0
    row.side = 0
    row.printable = 0
    if stock_at:
        row.stock = np.uint64(_whole(content, start + stock_at, STOCK_BYTES))
    if kind == _Q:
        row.size = _whole(content, start + 11, 8)
        row.price = _whole(content, start + 27, 4)
        row.other = _whole(content, start + 31, 8)
        return
    if kind == _B:
        row.other = _whole(content, start + 11, 8)
        return
    row.order = _whole(content, start + 11, 8)
    if kind in (_A, _F, _P):
        row.side = content[start + 19]
        row.size = _whole(content, start + 20, 4)
        row.price = _whole(content, start + 32, 4)
        if kind == _P:
            row.other = _whole(content, start + 36, 8)
    elif kind == _U:
        row.other = _whole(content, start + 19, 8)
        row.size = _whole(content, start + 27, 4)
        row.price = _whole(content, start + 31, 4)
    elif kind != _D:
        row.size = _whole(content, start + 19, 4)
        if kind in (_E, _C):
            row.other = _whole(content, start + 23, 8)
        if kind == _C:
            row.printable = content[start + 31]
            row.price = _whole(content, start + 32, 4)
