"""Where bars by activity begin, against the definition in arbitrary precision."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processor.core.aggregates.activity import ActivityCounter, bar_around
from processor.core.engine import Engine
from processor.core.events import ASK, BID, Trades
from processor.errors import ScaleOverflow
from processor.settings import Activity, Aggregation
from tests import reference
from tests.core.streams import Trade, Update, columns_of_book, columns_of_trades

if TYPE_CHECKING:
    from collections.abc import Sequence

MS_NS = 1_000_000

prices = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(900, 1100), st.integers(0, 2**40))
sizes = st.one_of(st.integers(0, 2**63 - 1), st.integers(0, 100), st.integers(0, 2**40))
rows = st.lists(st.tuples(st.sampled_from([0, 1, MS_NS, 3 * MS_NS]), prices, sizes), max_size=30)
limits = st.one_of(st.integers(1, 10**15), st.integers(1, 1000))


def trades_of(given_rows: Sequence[tuple[int, int, int]], first_ns: int, decimals: tuple[int, int]) -> Trades:
    steps, ticks, lots = zip(*given_rows, strict=True) if given_rows else ((), (), ())
    return Trades(
        time_ns=first_ns + np.cumsum(np.array(steps, np.int64)),
        price_ticks=np.array(ticks, np.int64),
        size_lots=np.array(lots, np.int64),
        aggressor=np.ones(len(given_rows), np.int8),
        price_decimals=decimals[0],
        size_decimals=decimals[1],
    )


def begins_of(parts: Sequence[Trades], first_ns: int, activity: Activity) -> list[int]:
    plain = [
        reference.Trade(
            time_ns, Decimal(ticks).scaleb(-part.price_decimals), Decimal(lots).scaleb(-part.size_decimals), 1
        )
        for part in parts
        for time_ns, ticks, lots in zip(
            part.time_ns.tolist(), part.price_ticks.tolist(), part.size_lots.tolist(), strict=True
        )
    ]
    with localcontext(prec=100):
        return reference.begins_of(plain, first_ns, activity.unit, activity.limit)


@example(
    # The product's float is a word more than the product.
    earlier=[(0, 2**60 - 1, 2**40), (MS_NS, 1, 2**39 - 1), (MS_NS, 1, 1)],
    later=[],
    unit="q",
    limit=2**100 - 2**39,
    places=0,
    decimals=(0, 0),
    first_ns=0,
)
@given(
    earlier=rows,
    later=rows,
    unit=st.sampled_from(["t", "v", "q"]),
    limit=limits,
    places=st.sampled_from([0, 2]),
    decimals=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    first_ns=st.sampled_from([0, 1, 1_723_161_600_123_456_789]),
)
def test_bars_begin_where_the_definition_says_however_large_the_numbers_and_whatever_the_batches(
    earlier: list[tuple[int, int, int]],
    later: list[tuple[int, int, int]],
    unit: str,
    limit: int,
    places: int,
    decimals: tuple[int, int],
    first_ns: int,
) -> None:
    activity = Activity(unit, Decimal(f"{limit}e-{places}"))  # type: ignore[arg-type]
    coarse = trades_of(earlier, first_ns, (0, 0))
    last_ns = int(coarse.time_ns[-1]) if len(coarse) else first_ns
    # What is so large has no room for more decimals.
    finest = (0, 0) if any(abs(number) > 10**10 for _, *numbers in earlier for number in numbers) else decimals
    parts = [coarse, trades_of(later, last_ns, finest)]
    wanted = begins_of(parts, first_ns, activity)

    counter = ActivityCounter(activity, first_ns)
    begins_ns = counter.starts_ns.tolist()
    buckets: list[int] = []
    for part in parts:
        of_trades, starts_ns = counter.take(part)
        begins_ns += starts_ns.tolist()
        buckets += of_trades.tolist()
    assert begins_ns == wanted
    times = [time_ns for part in parts for time_ns in part.time_ns.tolist()]
    assert [bucket * MS_NS for bucket in buckets] == [
        max(begin_ns for begin_ns in wanted if begin_ns <= time_ns) for time_ns in times
    ]
    for at_ns in (first_ns, *times):
        begin_ns, next_ns = bar_around(ActivityCounter(activity, first_ns), parts, at_ns)
        assert begin_ns == max(begin_ns for begin_ns in wanted if begin_ns <= at_ns)
        assert next_ns == min((begin_ns for begin_ns in wanted if begin_ns > at_ns), default=None)


def test_a_bar_too_large_for_the_digits_of_the_data_is_refused_with_both() -> None:
    counter = ActivityCounter(Activity("q", Decimal(10**15)), 0)
    with pytest.raises(ScaleOverflow, match=r"1000000000000000q is too large for prices of 9 and sizes of 9 decimals"):
        counter.take(trades_of([(0, 1, 1)], 0, (9, 9)))


def test_a_sample_in_the_millisecond_that_filled_a_bar_is_in_that_bar_whatever_was_not_sampled_before() -> None:
    trades = [Trade(time_ns, 1000, 5, 1) for time_ns in (*range(0, 10 * MS_NS, MS_NS), 9 * MS_NS + 1)]
    book = [Update(0, BID, 990, 5), Update(9 * MS_NS + 1, ASK, 1010, 2), Update(10 * MS_NS, ASK, 1010, 3)]
    aggregation = Aggregation(interval_ns=0, activity=Activity("t", Decimal(1)))
    whole, by_moment = Engine(aggregation), Engine(aggregation)

    whole.advance([columns_of_trades(trades)], [columns_of_book(book)])
    for time_ns in sorted({trade.time_ns for trade in trades} | {update.time_ns for update in book}):
        by_moment.advance(
            [columns_of_trades([trade for trade in trades if trade.time_ns == time_ns])],
            [columns_of_book([update for update in book if update.time_ns == time_ns])],
        )

    assert whole.imbalance_bars.rows().bucket.tolist() == [0, 9, 10]
    assert by_moment.rows().equals(whole.rows())
