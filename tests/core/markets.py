"""Small recorded markets, written in the project's own layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processor.core.events import ASK, BID, CLEAR, BookEvents, Trades
from processor.formats.own import DatasetWriter

if TYPE_CHECKING:
    from pathlib import Path

FIRST_NS = 1_723_161_600_000_000_000


def market(rows: int = 20_000, hours: float = 3.0, seed: int = 1) -> tuple[Trades, BookEvents]:
    """A random walk with a book around it; times in whole ms, many of them equal."""
    chance = np.random.default_rng(seed)
    span_ms = int(hours * 3_600_000)

    def times(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return FIRST_NS + np.sort(chance.integers(0, span_ms, count)) * 1_000_000

    middle = 600_000 + np.cumsum(chance.integers(-2, 3, rows))
    side = chance.integers(0, 2, rows)
    away = chance.geometric(0.1, rows)
    side[0] = CLEAR
    book = BookEvents(
        time_ns=times(rows),
        side=side.astype(np.int8),
        price_ticks=np.where(side == BID, middle - away, middle + away).astype(np.int64),
        size_lots=np.where(chance.random(rows) < 0.4, 0, chance.integers(1, 5_000, rows)).astype(np.int64),
        price_decimals=1,
        size_decimals=3,
    )
    count = rows // 5
    trades = Trades(
        time_ns=times(count),
        price_ticks=middle[:: rows // count][:count].astype(np.int64),
        size_lots=chance.integers(1, 9_999, count),
        aggressor=chance.integers(-1, 2, count).astype(np.int8),
        price_decimals=1,
        size_decimals=3,
    )
    assert ASK in side
    return trades, book


def write(folder: Path, trades: Trades | None, book: BookEvents | None, instrument: str = "WALK") -> Path:
    with DatasetWriter(folder, instrument, 1, 3) as writer:
        if trades is not None:
            writer.write_trades(trades)
        if book is not None:
            writer.write_book(book)
    return folder
