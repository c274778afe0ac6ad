"""Arbitrary market data for property tests, as plain tuples and as the columns that the core takes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from hypothesis import strategies as st

from processor.core.events import ASK, BID, BUY, CLEAR, ONLY_ASK, ONLY_BID, SELL, UNKNOWN, BookEvents, Trades
from processor.settings import Activity, Aggregation

if TYPE_CHECKING:
    from collections.abc import Sequence


class Trade(NamedTuple):
    time_ns: int
    price_ticks: int
    size_lots: int
    aggressor: int


class Update(NamedTuple):
    time_ns: int
    side: int
    price_ticks: int
    size_lots: int


NEAR: Final = st.integers(995, 1005)
FAR: Final = st.sampled_from([-70_000_000, -1, 0, 1, 500_000, 700_000, 262_144 + 1000, 80_000_000])
SIZES: Final = st.one_of(st.just(0), st.integers(0, 9), st.integers(1, 10**9))
TRADE_SIZES: Final = st.integers(1, 10**6)
EDGE_SIZES: Final = st.one_of(
    st.integers(2**63 - 9, 2**63 - 1),
    st.integers(1, 2**63 - 1),
    st.integers(1, 9),
    st.sampled_from([edge + near for edge in (2**32, 2**53, 2**57, 2**58, 2**61, 2**62) for near in (-1, 0, 1)]),
)
"""Sizes of which two have no room in 64 bits together, and some to be lost beside them."""


def columns_of_trades(trades: Sequence[Trade], price_decimals: int = 1, size_decimals: int = 2) -> Trades:
    return Trades(
        time_ns=np.array([trade.time_ns for trade in trades], np.int64),
        price_ticks=np.array([trade.price_ticks for trade in trades], np.int64),
        size_lots=np.array([trade.size_lots for trade in trades], np.int64),
        aggressor=np.array([trade.aggressor for trade in trades], np.int8),
        price_decimals=price_decimals,
        size_decimals=size_decimals,
    )


def columns_of_book(updates: Sequence[Update], price_decimals: int = 1, size_decimals: int = 2) -> BookEvents:
    return BookEvents(
        time_ns=np.array([update.time_ns for update in updates], np.int64),
        side=np.array([update.side for update in updates], np.int8),
        price_ticks=np.array([update.price_ticks for update in updates], np.int64),
        size_lots=np.array([update.size_lots for update in updates], np.int64),
        price_decimals=price_decimals,
        size_decimals=size_decimals,
    )


_ACTIVITIES: Final = st.one_of(
    st.builds(Activity, st.just("t"), st.sampled_from([Decimal(1), Decimal(2), Decimal(7)])),
    st.builds(Activity, st.just("v"), st.sampled_from([Decimal("0.001"), Decimal("0.01"), Decimal(30), Decimal(9000)])),
    st.builds(Activity, st.just("q"), st.sampled_from([Decimal("0.3"), Decimal(3000), Decimal(900_000)])),
)


SESSIONS_NS: Final = st.sampled_from([0, *(60_000_000_000 * minute for minute in (1, 13 * 60 + 30, 22 * 60, 1439))])
"""Times of a day that sessions start at: midnight, some close to it, which `times_ns` crawls over, and others."""


def aggregations(intervals_ns: Sequence[int], obi_levels: Sequence[int]) -> st.SearchStrategy[Aggregation]:
    """Bars of these lengths, or by activity, with imbalances of these numbers of levels."""
    lengths = st.one_of(st.tuples(st.sampled_from(intervals_ns), st.none()), st.tuples(st.just(0), _ACTIVITIES))
    return st.builds(
        lambda length, levels, cvd_reset, session_ns: Aggregation(
            length[0], levels, cvd_reset, length[1], session_ns=session_ns
        ),
        lengths,
        st.sampled_from(obi_levels),
        st.sampled_from(["none", "day"]),
        SESSIONS_NS,
    )


@st.composite
def times_ns(draw: st.DrawFn, rows: int) -> list[int]:
    """Times that repeat, crawl, and jump over intervals and midnights."""
    step = st.sampled_from([0, 0, 0, 1, 1_000_000, 900_000_000, 1_000_000_000, 61_000_000_000, 50_000_000_000_000])
    begin = draw(st.sampled_from([0, 1_723_161_599_000_000_000, 86_399_999_999_999]))
    steps = draw(st.lists(step, min_size=rows, max_size=rows))
    return np.cumsum([begin, *steps])[1:].tolist() if rows else []


@st.composite
def trade_streams(draw: st.DrawFn, max_size: int = 40, sizes: st.SearchStrategy[int] = TRADE_SIZES) -> list[Trade]:
    rows = draw(st.lists(st.tuples(NEAR, sizes, st.sampled_from([BUY, SELL, UNKNOWN])), max_size=max_size))
    return [Trade(time_ns, *row) for time_ns, row in zip(draw(times_ns(len(rows))), rows, strict=True)]


@st.composite
def book_streams(draw: st.DrawFn, max_size: int = 80, sizes: st.SearchStrategy[int] = SIZES) -> list[Update]:
    """Crossed and locked books, deletes of unknown levels, snapshots, sides of one level, prices out of any window."""
    price = st.one_of(NEAR, NEAR, NEAR, FAR)
    update = st.tuples(st.sampled_from([BID, ASK]), price, sizes)
    clear = st.just((CLEAR, 0, 0))
    alone = st.tuples(st.sampled_from([ONLY_BID, ONLY_ASK]), price, sizes)
    rows = draw(st.lists(st.one_of(*[update] * 12, clear, alone), max_size=max_size))
    return [Update(time_ns, *row) for time_ns, row in zip(draw(times_ns(len(rows))), rows, strict=True)]


@st.composite
def cuts(draw: st.DrawFn, rows: int) -> list[int]:
    """Where a stream of so many rows is cut into batches: 0, some places in between, and its end."""
    places = draw(st.lists(st.integers(0, rows), max_size=6))
    return [0, *sorted(places), rows]
