"""The levels of a book, on the finest scale seen so far: what is sampled in whichever way rests in one of these."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core import kernel
from processor.core.events import scaled_up
from processor.errors import ScaleOverflow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from processor.core.events import BookEvents

    Side = tuple[NDArray[np.int64], NDArray[np.int64]]
    """Prices in ticks and sizes in lots of one side's levels, best first."""

_PIECE: Final = 131_072
"""Events whose narrow columns are widened at once."""
_LARGEST_INT32: Final = np.iinfo(np.int32).max
_NARROW: Final = 2**62
"""Lots whose sums stay below this are compared in one word of the kernel."""


class Levels:
    """A `ladder` (see `kernel`) that is fed by whoever holds this, in the pieces that `pieces` gives.

    `top_levels` is the number of best levels whose sum the ladder keeps, 0 for none.
    """

    def __init__(self, top_levels: int = 0) -> None:
        """Start with an empty book."""
        self.price_decimals = 0
        self.size_decimals = 0
        self.ladder = kernel.new_ladder()
        self.top_levels = top_levels
        self._largest_lots = 0
        self._int64 = np.empty((2, _PIECE), np.int64)

    def rescale(self, price_decimals: int, size_decimals: int) -> tuple[int, int]:
        """Go on with at least so many decimals; return how many of price and of size have come with it.

        Raises:
            ScaleOverflow: a price or size that rests has no room in 64 bits on that scale.
        """
        grow_price = max(0, price_decimals - self.price_decimals)
        grow_size = max(0, size_decimals - self.size_decimals)
        if grow_price or grow_size:
            sides = [
                (scaled_up(prices, grow_price), scaled_up(sizes, grow_size)) for prices, sizes in self.both_sides()
            ]
            self.price_decimals += grow_price
            self.size_decimals += grow_size
            self.hold(sides)
        return grow_price, grow_size

    def hold(self, sides: Sequence[Side]) -> None:
        """Let these levels rest, bids and asks, and no others.

        Raises:
            ScaleOverflow: a price is too large for a ladder.
        """
        room = max(len(prices) for prices, _ in sides)
        self.ladder = kernel.with_room(kernel.new_ladder(), room)
        for s, (prices, sizes) in enumerate(sides):
            kernel.refill(self.ladder, s, prices, sizes, self.top_levels)
        self.check_reach()
        self._largest_lots = kernel.recount(self.ladder)

    def pieces(self, events: BookEvents) -> Iterator[BookEvents]:
        """`events` on the scale of `ladder`, in int64 columns, which has room for each piece when it is given.

        The columns may be used again for the next piece. `rescale` must have been called with their decimals.
        """
        events = events.rescaled(self.price_decimals, self.size_decimals)
        if events.price_ticks.dtype == events.size_lots.dtype == np.int64:
            self.ladder = kernel.with_room(self.ladder, len(events))
            yield events
            return
        # Widened a piece at a time, in memory that is in the processor's cache already.
        for at in range(0, len(events), _PIECE):
            piece = events.rows(slice(at, at + _PIECE))
            price_ticks, size_lots = self._int64[:, : len(piece)]
            price_ticks[:], size_lots[:] = piece.price_ticks, piece.size_lots
            self.ladder = kernel.with_room(self.ladder, len(piece))
            yield replace(piece, price_ticks=price_ticks, size_lots=size_lots)

    def is_wide(self, levels: int, events: int, largest_lots: int) -> bool:
        """Whether sums of `levels` sizes, 0: of all, may come to 2**62, with `events` more of up to `largest_lots`."""
        self._largest_lots = max(self._largest_lots, largest_lots)
        if (levels or self.count + events) * self._largest_lots < _NARROW:
            return False
        # What made it so may be gone by now.
        self._largest_lots = max(kernel.recount(self.ladder), largest_lots)
        return True

    def check_reach(self) -> None:
        """Look whether all prices found room.

        Raises:
            ScaleOverflow: one did not.
        """
        for s in (0, 1):
            if out_of_reach := int(self.ladder[s, kernel.OUT_OF_REACH]):
                price = Decimal(out_of_reach).scaleb(-self.price_decimals)
                msg = f"a price of {price:f}, in ticks of 1e-{self.price_decimals}, has no room in a book of 64 bits"
                raise ScaleOverflow(msg)

    @property
    def count(self) -> int:
        """Levels of both sides."""
        bids, asks = (self.ladder[:, kernel.COUNT] + self.ladder[:, kernel.FAR]).tolist()
        return int(bids + asks)

    def both_sides(self, limit: int | None = None) -> tuple[Side, Side]:
        """Bids and asks, at most `limit` levels a side."""
        most = self.count if limit is None else limit
        return kernel.best_levels(self.ladder, 0, most), kernel.best_levels(self.ladder, 1, most)


def largest_lots_of(events: BookEvents) -> int:
    """A number of lots that none of `events`, of which there are some, exceeds."""
    return _LARGEST_INT32 if events.size_lots.dtype == np.int32 else int(events.size_lots.max())
