from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from processor.core.events import BUY, LocatedTrades, Trades
from processor.core.merge.jumps import Jumps
from processor.core.report import Report

prices = st.lists(st.sampled_from([-5, 0, 1, 9, 10, 11, 99, 100, 101, 12_345, 10**15]), max_size=30)


def located(ticks: list[int], decimals: int) -> LocatedTrades | None:
    rows = np.arange(len(ticks), dtype=np.int64)
    trades = Trades(
        time_ns=rows,
        price_ticks=np.array(ticks, np.int64),
        size_lots=np.ones(len(ticks), np.int64),
        price_decimals=decimals,
        size_decimals=0,
        aggressor=np.full(len(ticks), BUY, np.int8),
    )
    return LocatedTrades.of(trades, rows, None)


@given(prices, prices, st.integers(0, 3), st.integers(0, 3))
@example([100], [1000], 0, 2)
def test_a_price_over_ten_times_or_under_a_tenth_of_the_one_before_is_a_jump(
    first: list[int], second: list[int], decimals: int, more: int
) -> None:
    report = Report()
    jumps = Jumps("a.csv", report)
    written: list[Decimal] = []
    for ticks, places in ((first, decimals), (second, decimals + more)):
        written += [Decimal(each).scaleb(-places) for each in ticks if each > 0]
        trades = located(ticks, places)
        if trades is not None:
            jumps.look(trades)
    wanted = [(a, b) for a, b in pairwise(written) if b > 10 * a or a > 10 * b]
    assert report.counts["price_jumps"] == len(wanted)


def test_the_first_price_below_zero_is_told_once() -> None:
    report = Report()
    jumps = Jumps("a.csv", report)
    for ticks in ([100, 0], [100, -100, -300], [-100]):
        trades = located(ticks, 2)
        assert trades is not None
        jumps.look(trades)
    told = [(each.file, each.line, each.detail) for each in report.incidents if each.kind == "assumptions"]
    assert told == [("a.csv", 1, "a price of -1: below 0 and 0 are taken as prices here")]


def test_a_jump_is_located_and_says_from_where_to_where() -> None:
    report = Report()
    trades = located([100, 100, 10_100, 10_200], 2)
    assert trades is not None
    Jumps("a.csv", report).look(trades)
    (found,) = report.incidents
    assert (found.kind, found.file, found.line, found.time_ns) == ("price_jumps", "a.csv", 2, 2)
    assert found.detail == "101 after 1"
