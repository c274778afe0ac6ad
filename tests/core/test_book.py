from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.book import Book, Periods, concatenated
from processor.core.events import ASK, BID, CLEAR, ONLY_ASK, ONLY_BID
from processor.core.kernel import NO_PRICE, WIDTH
from processor.errors import ScaleOverflow
from tests.core.streams import Update, book_streams, columns_of_book, cuts

if TYPE_CHECKING:
    from collections.abc import Sequence

SECOND_NS = 1_000_000_000


def a_book(updates: Sequence[Update], *, obi_levels: int = 10) -> Book:
    book = Book(interval_ns=SECOND_NS, obi_levels=obi_levels)
    book.advance(columns_of_book(updates))
    return book


def sides_of(updates: Sequence[Update]) -> tuple[dict[int, int], dict[int, int]]:
    """The book as two dicts of lots by price."""
    sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for update in updates:
        if update.side == CLEAR:
            sides[0].clear()
            sides[1].clear()
        elif update.side in {ONLY_BID, ONLY_ASK}:
            sides[update.side == ONLY_ASK].clear()
            sides[update.side == ONLY_ASK].update({update.price_ticks: update.size_lots} if update.size_lots else {})
        elif update.size_lots:
            sides[update.side][update.price_ticks] = update.size_lots
        else:
            sides[update.side].pop(update.price_ticks, None)
    return sides


def best_first(updates: Sequence[Update]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    bids, asks = sides_of(updates)
    return sorted(bids.items(), reverse=True), sorted(asks.items())


@given(book_streams(), st.integers(1, 100))
def test_the_levels_are_those_of_a_dict_whatever_the_events(updates: list[Update], limit: int) -> None:
    found = [list(zip(prices.tolist(), sizes.tolist(), strict=True)) for prices, sizes in a_book(updates).levels(limit)]

    assert found == [levels[:limit] for levels in best_first(updates)]


@given(book_streams(), st.sampled_from([0, 1, 2, 3, 10]))
def test_the_imbalance_is_that_of_the_best_levels_after_every_event(updates: list[Update], obi_levels: int) -> None:
    book = Book(interval_ns=SECOND_NS, obi_levels=obi_levels)
    for i, update in enumerate(updates):
        book.advance(columns_of_book([update._replace(time_ns=i)]))
        bids, asks = (sum(lots for _, lots in levels[: obi_levels or None]) for levels in best_first(updates[: i + 1]))
        assert book.open_bars().close[-1] == ((bids - asks) / (bids + asks) if bids + asks else 0)


@given(st.data())
def test_batches_cut_anywhere_give_the_bars_of_one_piece(data: st.DataObject) -> None:
    updates = data.draw(book_streams())
    places = data.draw(cuts(len(updates)))
    events = columns_of_book(updates)
    whole, cut = (Book(interval_ns=SECOND_NS, obi_levels=3) for _ in range(2))

    bars = concatenated([whole.advance(events), whole.open_bars()])
    parts = []
    for begin, end in pairwise(places):
        parts.append(cut.advance(events.rows(slice(begin, end))))
        cut.open_bars()  # looking changes nothing
    parts.append(cut.open_bars())

    for column in ("bucket", "open", "high", "low", "close", "bid_ticks", "ask_ticks"):
        np.testing.assert_array_equal(getattr(bars, column), getattr(concatenated(parts), column))
    assert (whole.samples, whole.crossed, whole.locked) == (cut.samples, cut.crossed, cut.locked)


def test_a_time_is_sampled_once_after_its_last_update() -> None:
    updates = [
        Update(0, BID, 99, 1),
        Update(0, ASK, 101, 3),
        Update(5, BID, 98, 4),
        Update(5, BID, 98, 2),
        Update(5, ASK, 101, 1),
    ]
    bars = a_book(updates).open_bars()

    assert a_book(updates).samples == 2
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0]) == (-0.5, 0.5, -0.5, 0.5)


def test_an_interval_opens_at_the_imbalance_that_stands_when_it_begins() -> None:
    updates = [Update(0, BID, 99, 1), Update(SECOND_NS, ASK, 101, 1), Update(3 * SECOND_NS, ASK, 101, 3)]
    book = Book(interval_ns=SECOND_NS, obi_levels=10)
    bars = concatenated([book.advance(columns_of_book(updates)), book.open_bars()])

    assert bars.bucket.tolist() == [0, 1, 3]
    assert bars.open.tolist() == [1.0, 1.0, 0.0]
    assert bars.close.tolist() == [1.0, 0.0, -0.5]
    assert bars.high.tolist() == [1.0, 1.0, 0.0]


def test_an_emptied_side_has_no_best_price() -> None:
    book = a_book([Update(0, BID, 99, 1), Update(0, ASK, 101, 1), Update(1, ASK, 101, 0)])

    assert (book.open_bars().bid_ticks[-1], book.open_bars().ask_ticks[-1]) == (99, NO_PRICE)


@pytest.mark.parametrize("jump", [WIDTH - 1, WIDTH, WIDTH + 1, 10 * WIDTH, -WIDTH, -10 * WIDTH])
def test_a_price_that_jumps_out_of_the_window_takes_the_book_along(jump: int) -> None:
    updates = [Update(i, BID, 1000 - i, i + 1) for i in range(20)]
    updates += [Update(20, BID, 1000 + jump, 7), Update(21, BID, 1000 + jump - 1, 8)]
    updates += [Update(22 + i, BID, 1000 - i, 0) for i in range(19)]

    (prices, sizes), _ = a_book(updates).levels(50)
    assert list(zip(prices.tolist(), sizes.tolist(), strict=True)) == best_first(updates)[0]


def test_crossed_and_locked_periods_are_counted_with_their_begins_and_ends() -> None:
    updates = [
        Update(0, BID, 100, 1),
        Update(0, ASK, 101, 1),
        Update(1, BID, 101, 1),
        Update(2, BID, 102, 1),
        Update(3, BID, 103, 1),
        Update(4, CLEAR, 0, 0),
        Update(5, BID, 5, 1),
        Update(5, ASK, 4, 1),
        Update(6, BID, 3, 1),
    ]
    book = a_book(updates)

    assert book.locked == Periods(samples=1, count=1, starts_ns=(1,), ends_ns=(2,))
    assert book.crossed == Periods(samples=3, count=2, starts_ns=(2, 5), ends_ns=(4, None))


def test_only_the_first_periods_are_remembered_and_all_are_counted() -> None:
    updates = [Update(0, ASK, 101, 1)]
    for period in range(25):
        updates += [Update(2 * period + 1, BID, 102, 1), Update(2 * period + 2, BID, 102, 0)]
    crossed = a_book([*updates, Update(99, BID, 102, 1), Update(100, ASK, 101, 1)]).crossed

    assert crossed.count == 26
    assert crossed.starts_ns == tuple(range(1, 41, 2))
    assert crossed.ends_ns == tuple(range(2, 42, 2))


@given(book_streams())
def test_periods_are_those_of_a_book_looked_at_after_every_time(updates: list[Update]) -> None:
    states = []
    for i, update in enumerate(updates[:-1]):
        if updates[i + 1].time_ns != update.time_ns:
            bids, asks = best_first(updates[: i + 1])
            apart = not bids or not asks or bids[0][0] < asks[0][0]
            states.append((update.time_ns, "apart" if apart else "crossed" if bids[0][0] > asks[0][0] else "locked"))
    book = a_book(updates)

    for kind, found in (("crossed", book.crossed), ("locked", book.locked)):
        begun = [t for i, (t, now) in enumerate(states) if now == kind and (i == 0 or states[i - 1][1] != kind)]
        ended = [t for i, (t, now) in enumerate(states) if now != kind and i and states[i - 1][1] == kind]
        assert found.samples == sum(now == kind for _, now in states)
        assert found.count == len(begun)
        assert found.starts_ns == tuple(begun[:20])
        assert found.ends_ns == (*ended, None)[: len(begun[:20])]


@given(book_streams(max_size=30), book_streams(max_size=30))
def test_a_finer_scale_in_the_middle_changes_no_value(before: list[Update], after: list[Update]) -> None:
    late = [update._replace(time_ns=update.time_ns + 2 * 10**18) for update in after]
    near = [u for u in (*before, *late) if abs(u.price_ticks) < 10**7]
    first = [u for u in near if u.time_ns < 10**18 * 2]
    second = [u for u in near if u.time_ns >= 10**18 * 2]

    def finer(updates: list[Update]) -> list[Update]:
        return [u._replace(price_ticks=u.price_ticks * 100, size_lots=u.size_lots * 1000) for u in updates]

    grown, fine = (Book(interval_ns=SECOND_NS, obi_levels=3) for _ in range(2))
    bars = [grown.advance(columns_of_book(first))]
    if second:
        bars = [bars[0].finer(2), grown.advance(columns_of_book(finer(second), 3, 5))]
    expected = fine.advance(columns_of_book(finer([*first, *second]), 3, 5))

    if second:
        found = concatenated(bars)
        for column in ("bucket", "open", "high", "low", "close", "bid_ticks", "ask_ticks"):
            np.testing.assert_array_equal(getattr(found, column), getattr(expected, column))
        for side in (0, 1):
            for got, wanted in zip(grown.levels(99)[side], fine.levels(99)[side], strict=True):
                np.testing.assert_array_equal(got, wanted)
        assert (grown.price_decimals, grown.size_decimals) == (3, 5)


def test_a_scale_too_fine_for_64_bits_is_an_error_and_not_a_wrong_number() -> None:
    book = a_book([Update(0, BID, 10**17, 1)])

    with pytest.raises(ScaleOverflow, match="64 bits"):
        book.advance(columns_of_book([Update(1, BID, 1, 1)], price_decimals=9))
