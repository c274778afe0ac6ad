"""Sweeps, absorption, walls, divergences and large orders beside a slow reference, in whatever batches."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Final, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.aggregates import large_orders
from processor.core.aggregates.batches import Batches
from processor.core.detected import walls
from processor.core.detected.detector import Detector
from processor.core.events import ASK, BID, BUY, CLEAR, ONLY_ASK, ONLY_BID, SELL, UNKNOWN
from processor.settings import Activity, Aggregation
from tests.core.detected import detected_reference as reference
from tests.core.streams import EDGE_SIZES, Trade, Update, columns_of_book, columns_of_trades

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processor.core.aggregates.base import Batch
    from processor.settings import CvdReset

SECOND: Final = 10**9
PRICE_DECIMALS, TRADE_DECIMALS, BOOK_DECIMALS = 1, 3, 2
MIDNIGHT: Final = 19_000 * 86_400 * SECOND


@st.composite
def markets(draw: st.DrawFn) -> tuple[list[Trade], list[Update]]:
    """A few minutes of a lively market with walls, quiet spells, snapshots and many trades at few prices."""
    chance = Random(draw(st.integers(0, 2**32)))
    rows = draw(st.sampled_from([30, 100, 250]))
    step = draw(st.sampled_from([20_000_000, 250_000_000, 1_000_000_000]))
    of_trades = draw(st.sampled_from([0.05, 0.5, 1.0]))
    edge = draw(st.lists(EDGE_SIZES, max_size=3))
    trades, updates = [], []
    now = MIDNIGHT - rows * step // 4 + draw(st.integers(0, 1))
    for _ in range(rows):
        now += chance.choice([0, 0, 1, step, step, step, SECOND - now % SECOND])
        if chance.random() < 0.01:
            now += 40 * SECOND
        price = 1000 + chance.randint(-4, 4)
        size = chance.choice([1, 2, 3, 4, 5, 60, *edge[:1]]) if chance.random() < 0.9 else chance.choice([900, *edge])
        if chance.random() < of_trades:
            trades.append(Trade(now, (price + 1000) // 2, size, chance.choice([BUY, SELL, SELL, UNKNOWN])))
        elif chance.random() < 0.03:
            updates.append(Update(now, chance.choice([CLEAR, ONLY_BID, ONLY_ASK]), price, size))
        else:
            side = BID if price + chance.choice([0, 0, 1]) <= 1000 else ASK
            updates.append(Update(now, side, price, chance.choice([0, size, size, size])))
    return trades, updates


RowT = TypeVar("RowT", Trade, Update)
LENGTHS: Final = st.sampled_from([(SECOND, None), (7 * SECOND, None), (0, Activity("t", Decimal(2)))])


def wanted(
    trades: list[Trade], updates: list[Update], starts_ns: list[int], *, daily: bool
) -> list[tuple[object, ...]]:
    prices = 10**PRICE_DECIMALS
    plain = [
        reference.Trade(
            each.time_ns,
            Fraction(each.price_ticks, prices),
            Fraction(each.size_lots, 10**TRADE_DECIMALS),
            each.aggressor,
        )
        for each in trades
    ]
    of_book = [
        reference.Update(
            each.time_ns, each.side, Fraction(each.price_ticks, prices), Fraction(each.size_lots, 10**BOOK_DECIMALS)
        )
        for each in updates
    ]
    rows = reference.events(plain, of_book, starts_ns, daily=daily)
    return [(*row[:3], float(row[3]), float(row[4]), *row[5:]) for row in rows]


def batches_of(
    trades: list[Trade], updates: list[Update], cuts: list[int], aggregation: Aggregation, *, finer: bool
) -> Iterator[tuple[Batch, list[Trade], list[Update]]]:
    """Batches of all events in order, cut at such numbers of them, and all up to each; the last half may be finer."""
    every: list[Trade | Update] = sorted([*trades, *updates], key=lambda each: each.time_ns)
    batches = Batches(aggregation)
    ends = sorted({min(cut, len(every)) for cut in cuts} | {len(every)})
    for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        of_trades = [each for each in every[start:end] if isinstance(each, Trade)]
        of_book = [each for each in every[start:end] if isinstance(each, Update)]
        up = 1 if finer and number else 0
        batch = batches.of(
            [columns_of_trades([_finer(each, up) for each in of_trades], PRICE_DECIMALS + up, TRADE_DECIMALS + up)],
            [columns_of_book([_finer(each, up) for each in of_book], PRICE_DECIMALS + up, BOOK_DECIMALS + up)],
        )
        so_far = every[:end]
        yield (
            batch,
            [each for each in so_far if isinstance(each, Trade)],
            [each for each in so_far if isinstance(each, Update)],
        )


def _finer(row: RowT, decimals: int) -> RowT:
    factor = 10**decimals
    return row._replace(price_ticks=row.price_ticks * factor, size_lots=row.size_lots * factor)


def starts_of(trades: list[Trade], updates: list[Update], aggregation: Aggregation) -> list[int]:
    """Starts of bars, with that of the one after the last that is known to have ended."""
    times_ns = [*(trade.time_ns for trade in trades), *(update.time_ns for update in updates)]
    first_ns, last_ns = min(times_ns), max(times_ns)
    if aggregation.activity is None:
        length = aggregation.interval_ns
        return [number * length for number in range(first_ns // length, last_ns // length + 1)]
    # A bar of so many trades ends with the millisecond of the last of them.
    starts, traded = [first_ns // 10**6 * 10**6], 0
    for trade in trades:
        if trade.time_ns < starts[-1]:
            continue
        traded += 1
        if traded == int(aggregation.activity.limit):
            starts.append((trade.time_ns // 10**6 + 1) * 10**6)
            traded = 0
    return starts


@given(
    market=markets(),
    cuts=st.lists(st.integers(0, 250), max_size=2),
    length=LENGTHS,
    reset=st.sampled_from(["none", "day"]),
    finer=st.booleans(),
    least=st.sampled_from([4, 100]),
)
def test_what_is_found_is_that_of_the_definitions_at_every_moment(
    market: tuple[list[Trade], list[Update]],
    cuts: list[int],
    length: tuple[int, Activity | None],
    reset: CvdReset,
    *,
    finer: bool,
    least: int,
) -> None:
    trades, updates = market
    largest = max([0, *(trade.size_lots for trade in trades), *(update.size_lots for update in updates)])
    finer = finer and largest < 2**58
    aggregation = Aggregation(length[0], 10, reset, length[1])
    with pytest.MonkeyPatch.context() as patched:
        for module, name in ((reference, "LEAST"), (large_orders, "LEAST_ORDERS")):
            patched.setattr(module, name, least)
        # Room for one second at a time.
        patched.setattr(walls, "_ROOM", 4 * walls._LEVELS)
        detector = Detector(aggregation)
        for batch, so_far, book_so_far in batches_of(trades, updates, cuts, aggregation, finer=finer):
            detector.advance(batch)
            if so_far or book_so_far:
                starts_ns = starts_of(so_far, book_so_far, aggregation)
                expected = wanted(so_far, book_so_far, starts_ns, daily=reset == "day")
                assert [*detector.found, *detector.pending()] == expected
        detector.settle()
        assert detector.pending() == []
