"""ohlc_data.json: the bars of trades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

OHLC_FILE: Final = "ohlc_data.json"


class OhlcRow(msgspec.Struct, array_like=True, frozen=True):
    """One bar of trades: prices and volume in the instrument's own units, time in ms since the Unix epoch, UTC."""

    timestamp_ms: Integer
    open: float
    high: float
    low: float
    close: float
    volume: float


def _ohlc_faults(rows: tuple[OhlcRow, ...]) -> Iterator[str]:
    yield from too_many(rows)
    for i, row in enumerate(rows):
        if not (row.low <= row.open <= row.high and row.low <= row.close <= row.high):
            yield f"row {i}: open and close do not lie between low and high"
        if row.volume < 0:
            yield f"row {i}: volume {row.volume} is negative"


OHLC: Final = View[tuple[OhlcRow, ...]](
    name="ohlc",
    file=OHLC_FILE,
    type=tuple[OhlcRow, ...],
    empty=(),
    presence="data",
    is_rows=True,
    faults=_ohlc_faults,
    content="`[[timestamp_ms, open, high, low, close, volume], ...]`, oldest first; the last row is the open bar",
    bound="1000 rows",
)
