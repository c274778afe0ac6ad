"""Keys of the messages of earlier recordings, as far as a later recording may have them too."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NoReturn

import numpy as np

from processor.errors import DatasetError
from processor.formats.lines.kernels import MAX_DECIMALS
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.events import BookEvents

_CLOCKS_DIFFER_NS: Final = 60 * NS_PER_SECOND
_NEVER_NS: Final = int(np.iinfo(np.int64).max)
_LEAST: Final = int(np.iinfo(np.int64).min)
_LINE_BITS: Final = 40
_AT, _KEY, _CONTENT, _PLACE = range(4)


class SeenMessages:
    """The messages of the files read so far, in the order of the files' first times of receipt.

    Of each file, messages from a minute before the start of the next file on are kept, by the recorder's clock or the
    exchange's, because recorders' clocks differ. Each takes 32 bytes: its time, a key to find it, a key of its
    content, and its place. So memory grows with the overlap, not with the files.
    """

    def __init__(self) -> None:
        self._keep_from_ns = _NEVER_NS
        self._names: list[str] = []
        self._has_rows = False
        self._kept = array("q")
        """Messages of this file."""
        self._rows: NDArray[np.int64] = np.empty((4, 0), np.int64)
        """Messages of all earlier files, ordered by key."""

    def next_file(self, name: str, next_ns: int | None) -> None:
        """Start another file; the one after it starts at `next_ns` by either clock (None: there is none)."""
        kept = np.array(self._kept, np.int64).reshape(-1, 4).T
        rows = np.concatenate((self._rows, kept), axis=1)
        rows = rows[:, rows[_AT] >= self._keep_from_ns]
        self._rows = rows[:, np.argsort(rows[_KEY], kind="stable")]
        self._has_rows = self._rows.shape[1] > 0
        self._keep_from_ns = _NEVER_NS if next_ns is None else next_ns - _CLOCKS_DIFFER_NS
        self._kept = array("q")
        self._names.append(name)

    @property
    def contents(self) -> NDArray[np.int64]:
        """The content keys of all earlier files, ordered by key."""
        contents: NDArray[np.int64] = self._rows[_CONTENT]
        return contents

    def may_overlap(self, at_ns: int) -> bool:
        """Whether a later file may have messages of this time (the later of both clocks), or an earlier file has."""
        return self._has_rows or at_ns >= self._keep_from_ns

    def keep(self, at_ns: int, key: int, content: int, line: int) -> None:
        """Keep a message of this file by its line and its time (the later of both clocks)."""
        if at_ns >= self._keep_from_ns:
            self._kept.extend((at_ns, key, content, (len(self._names) - 1) << _LINE_BITS | line))

    def find(self, key: int) -> range:
        """The indices of the messages of earlier files with this key."""
        keys = self._rows[_KEY]
        start = beyond = int(np.searchsorted(keys, key))
        while beyond < len(keys) and int(keys[beyond]) == key:
            beyond += 1
        return range(start, beyond)

    def place(self, at: int) -> tuple[str, int]:
        """The file and the line of the message at this index."""
        number, line = divmod(int(self._rows[_PLACE, at]), 1 << _LINE_BITS)
        return self._names[number], line


def key_of(content: int | bytes) -> int:
    """A 64-bit key of an id, or of any content."""
    if isinstance(content, int):
        if _LEAST <= content <= _NEVER_NS:
            return content
        content = str(content).encode()
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "little", signed=True)


def numbers_of(events: BookEvents) -> tuple[list[int], list[int]]:
    """Prices and sizes in units of 10**-MAX_DECIMALS, which do not depend on the scale of the events."""
    price_unit, size_unit = (10 ** (MAX_DECIMALS - each) for each in (events.price_decimals, events.size_decimals))
    prices = [price * price_unit for price in events.price_ticks.tolist()]
    return prices, [size * size_unit for size in events.size_lots.tolist()]


def refuse_contradiction(what: str, one: tuple[str, int], other: tuple[str, int]) -> NoReturn:
    """Refuse two places, each a file and a line, that contradict each other.

    Raises:
        DatasetError: always.
    """
    (first, first_line), (second, second_line) = one, other
    if first == second:
        msg = f"{first}: lines {first_line} and {second_line} differ in {what}, and nothing shows which is right"
        raise DatasetError(msg)
    msg = (
        f"{first} and {second} differ in {what} (lines {first_line} and {second_line}), and nothing shows which "
        f"is right: keep one of the files"
    )
    raise DatasetError(msg)
