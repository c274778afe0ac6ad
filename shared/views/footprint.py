"""footprint_data.json: what was traded at each price row of the newest bars."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

FOOTPRINT_FILE: Final = "footprint_data.json"
MAX_CELLS: Final = 6_000
"""Price rows of all bars together."""


class FootprintCell(msgspec.Struct, array_like=True, frozen=True):
    """What was traded in a price row, named by its lower edge: volumes by aggressor, and the number of trades."""

    price: float
    buy_volume: float
    sell_volume: float
    unknown_volume: float
    trades: Integer


class FootprintRow(msgspec.Struct, array_like=True, frozen=True):
    """One bar: its start in ms since the Unix epoch (UTC), the height of its price rows, and those with trades."""

    timestamp_ms: Integer
    row: float
    cells: tuple[FootprintCell, ...]


def _footprint_faults(bars: tuple[FootprintRow, ...]) -> Iterator[str]:
    yield from too_many(bars)
    cells = sum(len(bar.cells) for bar in bars)
    if cells > MAX_CELLS:
        yield f"holds {cells} price rows, at most {MAX_CELLS} are allowed"
    for i, bar in enumerate(bars):
        if bar.row <= 0:
            yield f"row {i}: the height of a price row is {bar.row}"
        prices = [cell.price for cell in bar.cells]
        if any(later <= earlier for earlier, later in pairwise(prices)):
            yield f"row {i}: its price rows do not ascend"
        for cell in bar.cells:
            if cell.buy_volume < 0 or cell.sell_volume < 0 or cell.unknown_volume < 0 or cell.trades < 1:
                yield f"row {i}: the price row at {cell.price} has a negative volume, or no trade"


FOOTPRINT: Final = View[tuple[FootprintRow, ...]](
    name="footprint",
    file=FOOTPRINT_FILE,
    type=tuple[FootprintRow, ...],
    empty=(),
    presence="asked",
    is_rows=True,
    basis="row",
    faults=_footprint_faults,
    content=(
        "*added*: `[[timestamp_ms, row, cells], ...]`: the [footprint](footprint.md) of the newest bars with trades, "
        "oldest first; `row` is the height of a price row, and `cells` are those with a trade, ascending: `[[price, "
        "buy_volume, sell_volume, unknown_volume, trades], ...]`, `price` being the lower edge"
    ),
    bound="6000 price rows, 1000 bars; on request",
)
