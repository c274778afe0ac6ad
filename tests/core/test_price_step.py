"""The price step: the greatest common divisor of the prices, at any scale and in any batches."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from itertools import pairwise
from math import gcd

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.events import ASK, BID, BUY, CLEAR, ONLY_BID
from processor.core.price_step import Divisor, PriceStep
from processor.errors import ScaleOverflow
from tests.core.streams import Trade, Update, columns_of_book, columns_of_trades

PRICES = st.one_of(
    st.integers(-4000, 4000).map(lambda price: price * 25),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([-(2**63), 2**63 - 1, 2**62, 0, 10**18]),
)
BATCHES = st.lists(st.tuples(st.lists(PRICES, max_size=40), st.integers(0, 12)), max_size=6)
Batches = list[tuple[list[int], int]]


def step_of(batches: Batches) -> Fraction:
    prices = [Fraction(price, 10**decimals) for ticks, decimals in batches for price in ticks]
    scale = reduce(lambda one, other: one * other // gcd(one, other), [price.denominator for price in prices], 1)
    return Fraction(gcd(*(int(price * scale) for price in prices)), scale)


def value(divisor: Divisor) -> Fraction:
    return Fraction(divisor.ticks, 10**divisor.decimals)


def of_batches(batches: Batches) -> Divisor:
    return reduce(lambda known, batch: known.including(np.array(batch[0], np.int64), batch[1]), batches, Divisor())


@given(BATCHES)
def test_it_divides_all_prices_and_no_larger_number_does(batches: Batches) -> None:
    assert value(of_batches(batches)) == step_of(batches)


@given(BATCHES, BATCHES)
def test_parts_merged_are_the_whole(first: Batches, second: Batches) -> None:
    assert of_batches(first).merged(of_batches(second)) == of_batches(first + second)


def test_a_price_far_into_a_batch_counts() -> None:
    prices = np.full(100_000, 500, np.int64)
    prices[77_777] = 525
    assert Divisor().including(prices, 2) == Divisor(25, 2)
    assert Divisor(5, 0).including(prices.astype(np.int32), 2) == Divisor(25, 2)


def test_the_book_decides_removals_too_and_the_trades_where_there_is_none() -> None:
    hidden = columns_of_trades([Trade(1, 10_005, 1, BUY), Trade(2, 10_010, 1, BUY)], price_decimals=3)
    book = columns_of_book([Update(1, BID, 1000, 5), Update(1, ASK, 1025, 0)], price_decimals=2)
    trades_alone = PriceStep().advanced([hidden], [])
    assert trades_alone.divisor == Divisor(5, 3)
    assert trades_alone.advanced([], [book]).divisor == Divisor(25, 2)
    assert PriceStep().advanced([hidden], []).merged(PriceStep().advanced([], [book])).ticks(3) == 250


def test_a_row_that_empties_the_book_has_no_price() -> None:
    rows = [Update(1, CLEAR, 7, 0), Update(1, ONLY_BID, 50, 1), Update(1, ASK, 100, 1)]
    assert PriceStep().advanced([], [columns_of_book(rows, price_decimals=0)]).ticks(0) == 50


def test_without_a_price_other_than_0_there_is_no_step() -> None:
    nothing = PriceStep().advanced([], [columns_of_book([Update(1, BID, 0, 1)])])
    assert nothing.divisor is None
    assert nothing.ticks(3) is None


def test_ticks_are_whole_or_refused() -> None:
    step = PriceStep(book=Divisor(25, 2))
    assert [step.ticks(decimals) for decimals in (2, 4)] == [25, 2500]
    with pytest.raises(ScaleOverflow, match=r"25 / 10\*\*2 is no whole number of 1 / 10\*\*1"):
        step.ticks(1)


@given(st.lists(PRICES, max_size=40), st.integers(1, 7))
def test_it_only_becomes_finer(prices: list[int], size: int) -> None:
    parts = [prices[at : at + size] for at in range(0, len(prices), size)]
    steps = [of_batches([(part, 3) for part in parts[:count]]) for count in range(len(parts) + 1)]
    for before, after in pairwise(steps):
        assert not before.ticks or (value(before) / value(after)).denominator == 1
