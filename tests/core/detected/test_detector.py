"""Sweeps, absorption, walls, divergences and large orders beside a slow reference, in whatever batches."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.aggregates import large_orders
from processor.core.aggregates.batches import Batches
from processor.core.detected import walls
from processor.core.detected.detector import Detector
from processor.settings import Activity, Aggregation
from tests.core.detected import detected_reference as reference
from tests.core.detected.lively import SECOND, markets
from tests.core.streams import SESSIONS_NS, Trade, Update, columns_of_book, columns_of_trades

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processor.core.aggregates.base import Batch
    from processor.settings import CvdReset

PRICE_DECIMALS, TRADE_DECIMALS, BOOK_DECIMALS = 1, 3, 2


RowT = TypeVar("RowT", Trade, Update)
LENGTHS: Final = st.sampled_from([(SECOND, None), (7 * SECOND, None), (0, Activity("t", Decimal(2)))])


def wanted(
    trades: list[Trade], updates: list[Update], starts_ns: list[int], session_ns: int | None
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
    rows = reference.events(plain, of_book, starts_ns, session_ns)
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
    session_ns=SESSIONS_NS,
    finer=st.booleans(),
    least=st.sampled_from([4, 100]),
    slowly=st.booleans(),
)
def test_what_is_found_is_that_of_the_definitions_at_every_moment(
    market: tuple[list[Trade], list[Update]],
    cuts: list[int],
    length: tuple[int, Activity | None],
    reset: CvdReset,
    session_ns: int,
    *,
    finer: bool,
    least: int,
    slowly: bool,
) -> None:
    trades, updates = market
    largest = max([0, *(trade.size_lots for trade in trades), *(update.size_lots for update in updates)])
    finer = finer and largest < 2**58
    aggregation = Aggregation(length[0], 10, reset, length[1], session_ns=session_ns)
    with pytest.MonkeyPatch.context() as patched:
        for module, name in ((reference, "LEAST"), (large_orders, "LEAST_ORDERS")):
            patched.setattr(module, name, least)
        if slowly:
            patched.setattr(large_orders, "_have_room", lambda *_: False)
        # Room for one second at a time.
        patched.setattr(walls, "_ROOM", 4 * walls._LEVELS)
        detector = Detector(aggregation)
        for batch, so_far, book_so_far in batches_of(trades, updates, cuts, aggregation, finer=finer):
            detector.advance(batch)
            if so_far or book_so_far:
                starts_ns = starts_of(so_far, book_so_far, aggregation)
                expected = wanted(so_far, book_so_far, starts_ns, session_ns if reset == "day" else None)
                assert [*detector.found, *detector.pending()] == expected
        detector.settle()
        assert detector.pending() == []
