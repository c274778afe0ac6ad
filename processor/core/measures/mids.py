"""The mid as it stood over time: when it changed, and to what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processor.core import kernel
from processor.core.events import END_OF_TIME, read_only, scaled_up
from processor.core.kernel import BASE, BEST, NOTHING
from processor.core.levels import Levels
from processor.with_numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.events import BookEvents
    from processor.core.kernel import Ladder
    from processor.core.measures.layout import Ints

# Indices into the state of the sampling.
_TIME = 0
_PENDING = 1
_IS_KNOWN = 2
_SUM = 3


class Mids:
    """A book fed with whole times; it remembers the mids that `forget_before` leaves.

    `time_ns` are the times at which the mid became another one, `sums` best bid plus best ask, in ticks of
    `price_decimals`, from then on. While a side is empty, the mid stays what it was.
    """

    def __init__(self) -> None:
        """Start with an empty book."""
        self.time_ns: Ints = np.empty(0, np.int64)
        self.sums: Ints = np.empty(0, np.int64)
        self._levels = Levels()
        self._state = np.array([np.iinfo(np.int64).min, 0, 0, 0])

    @property
    def price_decimals(self) -> int:
        """Those of the finest price so far."""
        return self._levels.price_decimals

    def advance(self, events: BookEvents) -> None:
        """Take in events; no more of the last one's time may come.

        Raises:
            ScaleOverflow: a price or size has no room in 64 bits on the finest scale seen.
        """
        grown, _ = self._levels.rescale(events.price_decimals, events.size_decimals)
        self.sums = scaled_up(self.sums, grown)
        self._state[_SUM:] = scaled_up(self._state[_SUM:], grown)
        times, sums = [self.time_ns], [self.sums]
        later = np.array([END_OF_TIME], np.int64)
        last_ns = int(events.time_ns[-1])
        for piece in self._levels.pieces(events):
            found = self._run(piece.time_ns, piece.side, piece.price_ticks, piece.size_lots)
            times.append(found[0])
            sums.append(found[1])
        self._levels.check_reach()
        found = self._run(later, np.array([NOTHING], np.int8), later, later)
        self._state[[_TIME, _PENDING]] = last_ns, 0
        self.time_ns, self.sums = np.concatenate([*times, found[0]]), np.concatenate([*sums, found[1]])

    def _run(self, time_ns: Ints, side: NDArray[np.int8], price: Ints, size: Ints) -> tuple[Ints, Ints]:
        times, sums = np.empty(len(time_ns) + 1, np.int64), np.empty(len(time_ns) + 1, np.int64)
        found = _changes(
            self._levels.ladder,
            self._state,
            read_only(time_ns),
            read_only(side),
            read_only(price),
            read_only(size),
            times,
            sums,
        )
        return times[:found], sums[:found]

    def standing(self, time_ns: Ints, *, before: bool = False) -> Ints:
        """For each time the index into `sums` of the mid that stands then, or stood before; -1 for none."""
        return np.searchsorted(self.time_ns, time_ns, side="left" if before else "right").astype(np.int64) - 1

    def forget_before(self, time_ns: int) -> None:
        """Remember only what stood just before a time, and from then on."""
        first = max(0, int(np.searchsorted(self.time_ns, time_ns)) - 1)
        self.time_ns, self.sums = self.time_ns[first:], self.sums[first:]


@njit(cache=True, nogil=True)
def _changes(
    ladder: Ladder,
    state: Ints,
    time_ns: Ints,
    side: NDArray[np.int8],
    price: Ints,
    size: Ints,
    times: Ints,
    sums: Ints,
) -> int:
    """Apply events; write when the mid changed, and what the best prices come to then; return how often."""
    now_ns, pending, is_known, last = state[_TIME], state[_PENDING], state[_IS_KNOWN], state[_SUM]
    found = 0
    for i in range(len(time_ns)):
        if time_ns[i] != now_ns:
            if pending and ladder[0, BEST] >= 0 and ladder[1, BEST] >= 0:
                both = ladder[0, BASE] + ladder[0, BEST] - ladder[1, BASE] - ladder[1, BEST]
                if not is_known or both != last:
                    is_known, last = 1, both
                    times[found], sums[found] = now_ns, both
                    found += 1
            now_ns = time_ns[i]
        pending = 1
        kernel.apply(ladder, int(side[i]), price[i], size[i], 0)
    state[_TIME], state[_PENDING], state[_IS_KNOWN], state[_SUM] = now_ns, pending, is_known, last
    return found
