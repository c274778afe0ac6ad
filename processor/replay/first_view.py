"""The interval that a replay starts with where none is asked for: as many bars as a first picture has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.units import NS_PER_DAY, NS_PER_SECOND

if TYPE_CHECKING:
    from processor.sources.extent import Extent

_USUAL: Final = {
    "1s": 1,
    "5s": 5,
    "15s": 15,
    "30s": 30,
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "1h": 3600,
    "4h": 4 * 3600,
    "1d": 86_400,
}
_BARS: Final = 150
_FEWEST_BARS: Final = 10
_TRADES_PER_BAR: Final = 2


def interval_for(extent: Extent) -> str:
    """The usual interval that comes closest to 150 bars over the dataset, or over a day of a longer one.

    There are fewer bars where there would be less than two trades in a bar on average.
    """
    length_ns, trades = extent.length_ns, extent.trades
    if length_ns > NS_PER_DAY:
        length_ns, trades = NS_PER_DAY, trades * NS_PER_DAY // length_ns
    wanted = min(_BARS, max(_FEWEST_BARS, trades // _TRADES_PER_BAR)) if extent.trades else _BARS

    def distance(interval: str) -> float:
        bars = max(length_ns, 1) / (_USUAL[interval] * NS_PER_SECOND)
        return max(bars / wanted, wanted / bars)

    return min(_USUAL, key=distance)
