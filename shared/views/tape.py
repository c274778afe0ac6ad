"""tape_data.json: the newest orders, as trades of one time and side add up to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View

if TYPE_CHECKING:
    from collections.abc import Iterator

TAPE_FILE: Final = "tape_data.json"
MAX_ORDERS: Final = 500
"""Orders that it holds."""


class TapeRow(msgspec.Struct, array_like=True, frozen=True):
    """One order: `trade` is the number of its first trade in the dataset, from 0; time in ms since the Unix epoch, UTC.

    `side` is 1 for a buyer who took, -1 for a seller and 0 where that is unknown; `prices` counts the distinct ones.
    `large` tells whether it is large among the orders of the hour before.
    """

    trade: Integer
    timestamp_ms: Integer
    side: Integer
    volume: float
    trades: Integer
    price_first: float
    price_last: float
    prices: Integer
    large: bool = False


def _tape_faults(rows: tuple[TapeRow, ...]) -> Iterator[str]:
    if len(rows) > MAX_ORDERS:
        yield f"holds {len(rows)} rows, at most {MAX_ORDERS} are allowed"
    for i, row in enumerate(rows):
        if row.side not in {-1, 0, 1}:
            yield f"row {i}: side {row.side} is none of -1, 0 and 1"
        if row.volume < 0:
            yield f"row {i}: volume {row.volume} is negative"
        if not 1 <= row.prices <= row.trades:
            yield f"row {i}: {row.prices} prices in {row.trades} trades"
        if i and row.timestamp_ms < rows[i - 1].timestamp_ms:
            yield f"row {i}: its time is before that of the row before"


TAPE: Final = View[tuple[TapeRow, ...]](
    name="tape",
    file=TAPE_FILE,
    type=tuple[TapeRow, ...],
    empty=(),
    presence="asked",
    is_rows=True,
    faults=_tape_faults,
    content=(
        f"*added*: `[[{', '.join(TapeRow.__struct_fields__)}], ...]`: the newest "
        "[orders](tape.md), oldest first; `trade` is the number of an order's first trade in the dataset, from 0, and "
        "`side` is 1 (buyer), -1 (seller) or 0 (unknown); `large` tells [large orders](tape.md#large-orders)"
    ),
    bound="500 rows; on request",
)
