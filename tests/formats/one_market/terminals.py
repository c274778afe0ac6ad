"""Ticks as trading terminals export them: what changed alone, without the sizes of quotes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tests.formats.one_market.model import Deal, Market, padded
from tests.formats.samples import lines, write

if TYPE_CHECKING:
    from pathlib import Path

HEADER: Final = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>"
_BID, _ASK, _LAST, _VOLUME, _BUY, _SELL = 2, 4, 8, 16, 32, 64


def tick(at_ms: int, bid: str, ask: str, last: str = "", volume: str = "", flags: int | None = None) -> str:
    """A line of MetaTrader 5, so many milliseconds after the midnight of the market's day."""
    moment = datetime(2024, 8, 8, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    told = (_BID if bid else 0) | (_ASK if ask else 0) if flags is None else flags
    return "\t".join((f"{moment:%Y.%m.%d}", f"{moment:%H:%M:%S.%f}"[:-3], bid, ask, last, volume, str(told)))


def metatrader(folder: Path, told: Market) -> Path:
    """MetaTrader 5: the first tick has both quotes, each later one those that are not as before; and the trades."""
    rows, before = [], ("", "")
    for each in told.in_order():
        if isinstance(each, Deal):
            flags = _LAST | _VOLUME | (_BUY if each.side == "buy" else _SELL)
            rows.append(tick(each.at_ms, "", "", each.price, each.size, flags))
            continue
        best = tuple(padded(side, 1)[0][0] or old for side, old in zip(each.state, before, strict=True))
        changed = tuple(new if new != old else "" for new, old in zip(best, before, strict=True))
        if any(changed):
            rows.append(tick(each.at_ms, changed[0], changed[1]))
        before = (best[0], best[1])
    write(folder / "ABC_202408080000_202408082359.csv", lines(HEADER, *rows))
    return folder
