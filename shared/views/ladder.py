"""ladder_data.json: what rests, was traded, stacked and pulled at the price rows around the best prices."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View

if TYPE_CHECKING:
    from collections.abc import Iterator

LADDER_FILE: Final = "ladder_data.json"
MAX_LADDER_ROWS: Final = 800
"""Price rows, half of them on each side of the middle."""


class LadderRow(msgspec.Struct, array_like=True, frozen=True):
    """A price row, named by its lower edge.

    `bid` and `ask` rest in it; `bid_sum` are the bids in it and above, `ask_sum` the asks in it and below. What was
    bought, sold and traded with unknown side since the bar and since the session began. `bid_change` and `ask_change`
    are what has been stacked (above 0) or pulled (below 0) since the bar began, None as long as there is no book.
    """

    price: float
    bid: float
    ask: float
    bid_sum: float
    ask_sum: float
    bar_buy: float
    bar_sell: float
    bar_unknown: float
    session_buy: float
    session_sell: float
    session_unknown: float
    bid_change: float | None
    ask_change: float | None


class LastOrder(msgspec.Struct, frozen=True):
    """The newest order so far: `first` is the number of its first trade in the dataset, `price` that of its last."""

    first: Integer
    time_ms: Integer
    side: Integer
    price: float
    volume: float
    trades: Integer


class Ladder(msgspec.Struct, frozen=True):
    """The rows nearest to the best prices, ascending, of those with something in them; `row` is their height.

    `bar_ms` is the begin of the open bar, `session_ms` that of the session of the last trade, None before it.
    """

    row: float
    bar_ms: Integer
    session_ms: Integer | None
    rows: tuple[LadderRow, ...]
    last: LastOrder | None


def _ladder_faults(ladder: Ladder) -> Iterator[str]:
    if len(ladder.rows) > MAX_LADDER_ROWS:
        yield f"holds {len(ladder.rows)} price rows, at most {MAX_LADDER_ROWS} are allowed"
    if ladder.row <= 0:
        yield f"the height of a price row is {ladder.row}"
    if any(later.price <= earlier.price for earlier, later in pairwise(ladder.rows)):
        yield "its price rows do not ascend"
    for row in ladder.rows:
        if min(msgspec.structs.astuple(row)[1:-2]) < 0:
            yield f"the price row at {row.price} has a negative size"
    for earlier, later in pairwise(ladder.rows):
        if later.bid_sum > earlier.bid_sum or later.ask_sum < earlier.ask_sum:
            yield f"the sums at {later.price} do not follow those at {earlier.price}"
    if ladder.last is not None and ladder.last.side not in {-1, 0, 1}:
        yield f"the side of the last order, {ladder.last.side}, is none of -1, 0 and 1"


LADDER: Final = View[Ladder | None](
    name="ladder",
    file=LADDER_FILE,
    type=Ladder,
    empty=None,
    presence="asked",
    is_rows=False,
    faults=_ladder_faults,
    content=(
        "*added*: the [ladder](ladder.md): what rests, was traded, stacked and pulled at each price row around the "
        "best prices ([below](#ladder_datajson))"
    ),
    bound="800 price rows; on request",
)
