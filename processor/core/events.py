"""Market events as columns: integers in the smallest units the data needs, with the scale beside them.

Prices are ticks of 10**-price_decimals, sizes lots of 10**-size_decimals, times nanoseconds since the Unix epoch, UTC.
The decimals are what the digits read so far need; a later batch may need more, and `rescaled` brings an earlier one
to it, so sums stay exact whatever comes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import numpy as np

from processor.errors import ScaleOverflow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BID: Final = 0
ASK: Final = 1
CLEAR: Final = 2
"""The `side` of a row that empties both sides: a snapshot is this row and then its levels, all of one time."""
ONLY_BID: Final = 3
"""The `side` of a row that is all there is of the bids: a quote that leaves the other side as it is."""
ONLY_ASK: Final = 4
"""The same of the asks."""

BUY: Final = 1
SELL: Final = -1
UNKNOWN: Final = 0

END_OF_TIME: Final = np.iinfo(np.int64).max
"""Later than any event."""
_NOWHERE: Final = -1
"""The line, or the id, of a trade that has none."""
_INT64_MAX: Final = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Equally long columns with the scale of their prices and sizes."""

    time_ns: NDArray[np.int64]
    price_ticks: NDArray[np.int64]
    size_lots: NDArray[np.int64]
    price_decimals: int
    size_decimals: int

    def __len__(self) -> int:
        """Rows."""
        return len(self.time_ns)

    def rows(self, where: slice | NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """The rows that `where` selects; a slice copies nothing."""
        columns: dict[str, Any] = {name: getattr(self, name)[where] for name in _columns_of(self)}
        return type(self)(price_decimals=self.price_decimals, size_decimals=self.size_decimals, **columns)

    def rescaled(self, price_decimals: int, size_decimals: int) -> Self:
        """The same rows on a scale at least as fine.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on that scale.
        """
        if (price_decimals, size_decimals) == (self.price_decimals, self.size_decimals):
            return self
        return replace(
            self,
            price_ticks=scaled_up(self.price_ticks, price_decimals - self.price_decimals),
            size_lots=scaled_up(self.size_lots, size_decimals - self.size_decimals),
            price_decimals=price_decimals,
            size_decimals=size_decimals,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trades(Columns):
    """Trades; `aggressor` is int8: BUY, SELL or UNKNOWN."""

    aggressor: NDArray[np.int8]


def no_trades(price_decimals: int, size_decimals: int) -> Trades:
    """No trade, on a scale."""
    none = np.zeros(0, np.int64)
    return Trades(
        time_ns=none,
        price_ticks=none,
        size_lots=none,
        aggressor=np.zeros(0, np.int8),
        price_decimals=price_decimals,
        size_decimals=size_decimals,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedTrades(Trades):
    """Trades with the 1-based line that each stands on in its file, and its id, int64; -1 where there is none."""

    line: NDArray[np.int64]
    id: NDArray[np.int64]

    @classmethod
    def of(
        cls, trades: Trades | None, lines: NDArray[np.int64] | None, ids: NDArray[np.int64] | None
    ) -> LocatedTrades | None:
        """Trades with their lines and ids, as far as these are known; None where there is no trade."""
        if trades is None or not len(trades):
            return None
        nowhere = np.broadcast_to(np.int64(_NOWHERE), len(trades))
        return cls(
            **_fields_of(Trades, trades), line=nowhere if lines is None else lines, id=nowhere if ids is None else ids
        )

    def line_of(self, row: int | np.intp) -> int | None:
        """The line of one of them; None where it is not known."""
        line = int(self.line[row])
        return None if line == _NOWHERE else line

    def bare(self) -> Trades:
        """The trades alone."""
        return Trades(**_fields_of(Trades, self))


@dataclass(frozen=True, slots=True, kw_only=True)
class BookEvents(Columns):
    """Book updates: `size_lots` now rests at `price_ticks` of `side` (int8: BID or ASK), 0 for none.

    A side of CLEAR empties both sides; ONLY_BID and ONLY_ASK empty one, and then set the level.
    """

    side: NDArray[np.int8]


ColumnsT = TypeVar("ColumnsT", bound=Columns)


def concatenated(parts: Sequence[ColumnsT]) -> ColumnsT:
    """The rows of all parts in order, on the finest scale among them; there must be at least one part."""
    if len(parts) == 1:
        return parts[0]
    price_decimals = max(part.price_decimals for part in parts)
    size_decimals = max(part.size_decimals for part in parts)
    level = [part.rescaled(price_decimals, size_decimals) for part in parts]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in level]) for name in _columns_of(level[0])
    }
    return replace(level[0], **columns)


def scaled_up(values: NDArray[np.int64], decimals: int) -> NDArray[np.int64]:
    """`values` times 10**decimals.

    Raises:
        ScaleOverflow: the product has no room in 64 bits, or `decimals` is negative.
    """
    if decimals == 0:
        return values
    if decimals < 0:
        msg = f"numbers have {-decimals} decimals more than there is room for"
        raise ScaleOverflow(msg)
    return multiplied(values, 10**decimals)


def multiplied(values: NDArray[np.int64], factor: int) -> NDArray[np.int64]:
    """`values` times `factor`, which is above 0.

    Raises:
        ScaleOverflow: a product has no room in 64 bits.
    """
    # Not by their magnitudes: that of the lowest number has no room either.
    largest = max(int(values.max()), -int(values.min())) if len(values) else 0
    if largest * factor > _INT64_MAX:
        msg = f"{largest} of its units have no room in 64 bits in units of 1/{factor}, which a later number needs"
        raise ScaleOverflow(msg)
    return values * np.int64(min(factor, _INT64_MAX))


def read_only(column: NDArray[Any]) -> NDArray[Any]:
    """The same column, not to be written: readers give both kinds, and Numba would compile a kernel for each."""
    view = column.view()
    view.flags.writeable = False
    return view


def _columns_of(columns: Columns) -> list[str]:
    # Not by `fields()`, which takes as long as all else that is done with a batch.
    return [name for name in columns.__dataclass_fields__ if not name.endswith("_decimals")]


def _fields_of(kind: type[Columns], columns: Columns) -> dict[str, Any]:
    """What `columns` has for each field of `kind`."""
    return {name: getattr(columns, name) for name in kind.__dataclass_fields__}
