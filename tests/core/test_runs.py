"""The same trades or updates in two files that give them other times, sides or ids."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from processor.core.events import BUY, SELL, UNKNOWN
from processor.core.merge.ordering import in_time_order
from processor.core.merge.runs import in_common
from processor.core.report import Report
from processor.errors import DatasetError
from tests.core.parts import part
from tests.core.streams import Trade, Update
from tests.core.test_overlaps import named, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SECOND = 1_000_000_000
START = 1_754_006_400 * SECOND


@st.composite
def markets(draw: st.DrawFn) -> list[Trade]:
    """Trades at about one a second, of prices and sizes as they come."""
    random = Random(draw(st.integers(0, 1 << 32)))
    return [
        Trade(
            START + at * SECOND + random.randrange(SECOND),
            random.randint(10_000, 10_200),
            random.randint(1, 900),
            random.choice([BUY, SELL]),
        )
        for at in range(draw(st.integers(16, 60)))
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda trade: trade._replace(time_ns=trade.time_ns // SECOND * SECOND),
        lambda trade: trade._replace(time_ns=trade.time_ns + 3_000_000),
        lambda trade: trade._replace(time_ns=trade.time_ns - SECOND),
        lambda trade: trade._replace(aggressor=-trade.aggressor),
        lambda trade: trade._replace(aggressor=UNKNOWN),
        lambda trade: trade._replace(aggressor=UNKNOWN, time_ns=trade.time_ns + 1),
    ],
    ids=["in seconds", "later", "earlier", "sides exchanged", "without sides", "without sides, later"],
)
@given(market=markets())
def test_a_copy_with_other_times_or_sides_is_refused_by_name(
    change: Callable[[Trade], Trade], market: list[Trade]
) -> None:
    assume(len({trade.aggressor for trade in market}) > 1)
    with pytest.raises(
        DatasetError, match=r"(a|b)\.csv and (a|b)\.csv tell the same trades, but (at other|with other)"
    ):
        told([named("a.csv", market), named("b.csv", [change(trade) for trade in market])])


@given(markets())
def test_a_copy_with_ids_of_its_own_is_refused_by_name(market: list[Trade]) -> None:
    ids = range(1, len(market) + 1)
    with pytest.raises(DatasetError, match=r"a\.csv and b\.csv tell the same trades, but with other ids"):
        told([named("a.csv", market, ids=list(ids)), named("b.csv", market, ids=[1000 + each for each in ids])])


@given(markets(), st.integers(0, 1 << 32))
def test_trades_that_are_dealt_out_to_two_files_are_taken_together(market: list[Trade], seed: int) -> None:
    random = Random(seed)
    files: tuple[list[Trade], list[Trade]] = ([], [])
    for trade in market:
        random.choice(files).append(trade)
    assume(all(files))
    found, _ = told([named(name, trades) for name, trades in zip(("a.csv", "b.csv"), files, strict=True)])
    assert Counter(found) == Counter(market)


@given(markets())
def test_purchases_and_sales_of_equal_prices_and_sizes_are_taken_together(market: list[Trade]) -> None:
    buys = [trade._replace(aggressor=BUY) for trade in market]
    sells = [trade._replace(aggressor=SELL, time_ns=trade.time_ns + 1) for trade in market]
    found, _ = told([named("buys.csv", buys), named("sells.csv", sells)])
    assert Counter(found) == Counter(buys + sells)


def test_a_copy_of_updates_in_another_unit_of_time_is_refused_by_name() -> None:
    updates = [Update(START + at * SECOND + 7, at % 2, 10_000 + at * at % 97, 1 + at * 31 % 53) for at in range(30)]
    copy = [update._replace(time_ns=update.time_ns // SECOND * SECOND) for update in updates]
    parts = [part(book=rows, name=name, first_ns=rows[0].time_ns) for name, rows in (("a", updates), ("b", copy))]
    with pytest.raises(DatasetError, match="b and a tell the same book updates, but at other times"):
        list(in_time_order(parts, Report()))


def _slow(one: Sequence[int], other: Sequence[int]) -> int:
    runs = [[tuple(each[at : at + 4]) for at in range(len(each) - 3)] for each in (one, other)]
    if any(len(set(each)) * 10 < len(each) * 9 for each in runs):
        return 0
    found = len(set(runs[0]) & set(runs[1]))
    return found if found >= max(4, min(map(len, runs)) / 4) else 0


@given(st.data())
def test_runs_in_common_are_those_of_a_slow_comparison(data: st.DataObject) -> None:
    values = st.lists(st.integers(0, 40), max_size=40)
    one, common, other = (data.draw(values) for _ in range(3))
    both = one + common, other + common
    assert in_common(*(np.array(each, np.uint64) for each in both)) == _slow(*both)
