"""What earlier recordings tell, by numbers that stand for it, as far as a later one may tell it, too."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.events import NS_PER_SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CLOCKS_DIFFER_NS: Final = 60 * NS_PER_SECOND
_NEVER_NS: Final = int(np.iinfo(np.int64).max)
_LEAST: Final = int(np.iinfo(np.int64).min)


class Told:
    """Keys of the files that were read, in the order of their first times of receipt.

    Of each file those are kept that were received from a minute before the next file's begin on, as recorders' clocks
    differ: 16 bytes each. So memory grows with what is told twice, not with the files.
    """

    def __init__(self) -> None:
        self._keep_from_ns = _NEVER_NS
        self._kept: list[tuple[int, int]] = []
        """Of this file: when each was received, and its key."""
        self._earlier: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        """The same of each earlier file."""
        self._keys: NDArray[np.int64] = np.empty(0, np.int64)
        """Of all earlier files, sorted."""

    def next_file(self, next_ns: int | None) -> None:
        """Another file begins; the one after it is received from `next_ns` on (None: there is none)."""
        times, keys = np.array(self._kept, np.int64).reshape(-1, 2).T
        since_ns = self._keep_from_ns
        self._earlier = [(at[at >= since_ns], of[at >= since_ns]) for at, of in (*self._earlier, (times, keys))]
        self._keys = np.sort(np.concatenate([of for _, of in self._earlier]))
        self._keep_from_ns = _NEVER_NS if next_ns is None else next_ns - _CLOCKS_DIFFER_NS
        self._kept = []

    def concerns(self, received_ns: int) -> bool:
        """Whether a later file may tell what is received now, or an earlier one may have told it."""
        return received_ns >= self._keep_from_ns or len(self._keys) > 0

    def keep(self, received_ns: int, key: int) -> None:
        """This file tells what the key stands for."""
        if received_ns >= self._keep_from_ns:
            self._kept.append((received_ns, key))

    def __contains__(self, key: int) -> bool:
        """Whether an earlier file tells it."""
        at = int(np.searchsorted(self._keys, key))
        return at < len(self._keys) and int(self._keys[at]) == key


def key_of(content: int | bytes) -> int:
    """A number of 64 bits for an id, or for any content."""
    if isinstance(content, int):
        if _LEAST <= content <= _NEVER_NS:
            return content
        content = str(content).encode()
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "little", signed=True)
