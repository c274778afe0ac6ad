"""Writes a demo dataset: runs the simulated market chunk by chunk and writes the project's own layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.core.events import BookEvents, Trades
from processor.demo.simulator import advance, new_market
from processor.errors import SettingError
from processor.formats.own import DatasetWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from processor.demo.market import Market

INSTRUMENT: Final = "DEMO-PERP"
PRICE_DECIMALS: Final = 1
SIZE_DECIMALS: Final = 3
START_NS: Final = 1_767_600_000_000_000_000
"""2026-01-05T08:00:00Z, a Monday."""
EVENTS_AN_HOUR: Final = 250_000
"""The default, if no number of events is given."""

_MIN_EVENTS: Final = 1_000
_MAX_HOURS: Final = 10_000.0
_SECONDS_AN_HOUR: Final = 3_600.0


def generate(
    out_dir: Path,
    *,
    hours: float,
    seed: int,
    events: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write `hours` of DEMO-PERP into `out_dir` and return its number of events: trades and book rows.

    It makes about `events` events, EVENTS_AN_HOUR per hour by default: more events make a denser market, not a
    longer one. The same arguments give the same bytes. An earlier demo in `out_dir` is replaced. `on_progress` gets
    the number of events done and the number expected.

    Raises:
        SettingError: an argument is out of range, or the folder cannot be written or has other content of that name.
    """
    if not 0.0 < hours <= _MAX_HOURS:
        option = "hours"
        raise SettingError(option, hours, f"a number above 0 and up to {_MAX_HOURS:.0f}")
    if not 0 <= seed < 2**64:
        option = "seed"
        raise SettingError(option, seed, "an integer from 0 to 2**64 - 1")
    total = max(_MIN_EVENTS, round(hours * EVENTS_AN_HOUR)) if events is None else events
    if total < _MIN_EVENTS:
        option = "events"
        raise SettingError(option, total, f"at least {_MIN_EVENTS}: the opening snapshot alone has some hundred")
    market = new_market(seed, START_NS)
    with DatasetWriter(out_dir, INSTRUMENT, PRICE_DECIMALS, SIZE_DECIMALS, replace=True) as writer:
        goes_on = True
        while goes_on:
            goes_on = advance(market, START_NS, hours * _SECONDS_AN_HOUR, total)
            _write(market, writer)
            done = int(market.state["events"][0])
            if on_progress is not None:
                on_progress(done, total)
    return done


def _write(market: Market, writer: DatasetWriter) -> None:
    book = market.book_rows[: market.state["book_rows"][0]]
    writer.write_book(BookEvents(**_columns(book), side=book["side"].copy()), book["local_ns"].copy())
    trades = market.trade_rows[: market.state["trade_rows"][0]]
    writer.write_trades(Trades(**_columns(trades), aggressor=trades["aggressor"].copy()), trades["local_ns"].copy())


def _columns(rows: NDArray[Any]) -> dict[str, Any]:
    return {
        "time_ns": rows["time_ns"].astype(np.int64),
        "price_ticks": rows["price_ticks"].astype(np.int64),
        "size_lots": rows["size_lots"].astype(np.int64),
        "price_decimals": PRICE_DECIMALS,
        "size_decimals": SIZE_DECIMALS,
    }
