"""The measures of the book against fractions, whatever the events, their scale and the batches they come in."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from processor.core.aggregates.batches import Batches
from processor.core.book import Book
from processor.core.events import ASK, BID, BUY, CLEAR, SELL
from processor.core.kernel import WIDTH
from processor.core.measures.checks import measures_checks
from processor.core.measures.frame import OF_BAR, column_of, measures_frame
from processor.core.measures.kept import Measures
from processor.core.measures.layout import MEASURES, OFI_LEVELS
from processor.core.measures.nearest import nearest
from processor.core.measures.own import NO_OWN, OwnMeasures
from processor.core.measures.sampled import MeasuredBook
from processor.errors import ScaleOverflow
from processor.settings import Activity, Aggregation
from tests import reference
from tests.core.measures.measures_reference import Own, measured
from tests.core.streams import (
    EDGE_SIZES,
    SIZES,
    Trade,
    Update,
    book_streams,
    columns_of_book,
    columns_of_trades,
    cuts,
    trade_streams,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from tests.core.measures.measures_reference import Row

SECOND_NS = 1_000_000_000
BY_SECOND = Aggregation(interval_ns=SECOND_NS)


def measures_of(
    trades: Sequence[Trade],
    updates: Sequence[Update],
    *,
    aggregation: Aggregation = BY_SECOND,
    until_ns: Sequence[int] = (),
    decimals: tuple[int, int] = (1, 2),
    keep: int | None = None,
    own: OwnMeasures = NO_OWN,
) -> pl.DataFrame:
    """The rows of all events, which come in batches that end with each of `until_ns`."""
    measures = Measures(MeasuredBook(interval_ns=aggregation.interval_ns, own=own), keep=keep)
    batches = Batches(aggregation)
    ends = [*until_ns, 2**62]
    for after, until in pairwise([-(2**62), *sorted(ends)]):
        here = [trade for trade in trades if after < trade.time_ns <= until]
        there = [update for update in updates if after < update.time_ns <= until]
        measures.advance(batches.of([columns_of_trades(here, *decimals)], [columns_of_book(there, *decimals)]))
        measures.rows()  # looking changes nothing
    return measures_frame(measures.rows())


def times_of(updates: Sequence[Update], trades: Sequence[Trade]) -> list[int]:
    return [update.time_ns for update in updates] + [trade.time_ns for trade in trades]


def agree(
    rows: pl.DataFrame, expected: dict[int, Row], begin_of_bucket: int = SECOND_NS, own: OwnMeasures = NO_OWN
) -> None:
    found = {row["bucket"] * begin_of_bucket: row for row in rows.iter_rows(named=True)}
    assert list(found) == list(expected)
    for begin, wanted in expected.items():
        row = found[begin]
        for name in (*MEASURES, *own.names):
            known = wanted.values.get(name, [None] * 4)
            values = [None if value is None else float(value) for value in known]
            assert [row[column_of(name, part)] for part in OF_BAR] == values, name
        flows = [row[f"ofi_{level}"] for level in range(1, OFI_LEVELS + 1)]
        assert flows == [float(flow) for flow in wanted.ofi]
        assert row["ofi"] == row["ofi_1"]
        assert row["trade_flow"] == float(wanted.trade_flow)
        assert (row["samples"], row["trades"]) == (wanted.samples, wanted.trades)


def by_second(time_ns: int) -> int:
    return time_ns // SECOND_NS * SECOND_NS


@given(st.data(), st.sampled_from([(1, 2), (0, 0), (3, 8), (19, 20)]))
def test_every_measure_is_the_float_nearest_to_its_definition(data: st.DataObject, decimals: tuple[int, int]) -> None:
    updates, trades = data.draw(book_streams()), data.draw(trade_streams())
    expected = measured(trades, updates, Fraction(1, 10 ** decimals[0]), Fraction(1, 10 ** decimals[1]), by_second)
    times = times_of(updates, trades)
    until = data.draw(st.lists(st.sampled_from(times), max_size=4)) if times else []

    agree(measures_of(trades, updates, until_ns=until, decimals=decimals), expected)


@settings(max_examples=50)
@given(book_streams(sizes=st.one_of(st.just(0), EDGE_SIZES)), trade_streams(sizes=EDGE_SIZES), st.data())
def test_sums_beyond_64_bits_are_exact(updates: list[Update], trades: list[Trade], data: st.DataObject) -> None:
    expected = measured(trades, updates, Fraction(1, 10), Fraction(1, 100), by_second)
    times = times_of(updates, trades)
    until = data.draw(st.lists(st.sampled_from(times), max_size=4)) if times else []

    agree(measures_of(trades, updates, until_ns=until), expected)


@given(
    st.data(),
    st.sampled_from([(1, 2), (0, 0), (3, 8), (19, 12)]),
    st.sampled_from([SIZES, st.integers(0, 9), st.one_of(st.just(0), EDGE_SIZES)]),
)
def test_measures_of_own_parameters_are_the_floats_nearest_to_their_definitions(
    data: st.DataObject, decimals: tuple[int, int], sizes: st.SearchStrategy[int]
) -> None:
    updates, trades = data.draw(book_streams(sizes=sizes)), data.draw(trade_streams())
    depths = data.draw(st.lists(st.sampled_from([2, 3, 7, 30, 1000]), max_size=2, unique=True))
    lots = st.sampled_from(["1", "5.5", "17", "300.000001", "1000000000", "2305843009213693951", "9223372036854775807"])
    amounts = data.draw(st.lists(lots, max_size=3, unique=True))
    own = OwnMeasures(tuple(sorted(depths)), tuple(sorted(Decimal(each).scaleb(-decimals[1]) for each in amounts)))
    price, size = Fraction(1, 10 ** decimals[0]), Fraction(1, 10 ** decimals[1])
    expected = measured(trades, updates, price, size, by_second, Own(own.depths, own.sizes))
    times = times_of(updates, trades)
    until = data.draw(st.lists(st.sampled_from(times), max_size=4)) if times else []

    agree(measures_of(trades, updates, until_ns=until, decimals=decimals, own=own), expected, own=own)


@settings(max_examples=50)
@given(st.data())
def test_batches_cut_anywhere_give_the_bars_of_one_piece(data: st.DataObject) -> None:
    updates = data.draw(book_streams())
    events = columns_of_book(updates)
    whole, cut = (MeasuredBook(interval_ns=SECOND_NS) for _ in range(2))
    bars = [whole.advance(events), whole.open_bars()]
    parts = []
    for begin, end in pairwise(data.draw(cuts(len(updates)))):
        parts.append(cut.advance(events.rows(slice(begin, end))))
        cut.open_bars()  # looking changes nothing
    parts.append(cut.open_bars())

    for column in ("bucket", "samples", "values", "flow"):
        one, other = ([row.tobytes() for part in made for row in getattr(part, column)] for made in (bars, parts))
        assert one == other, column


@settings(max_examples=50)
@given(book_streams(max_size=30), book_streams(max_size=30), st.integers(0, 3), st.integers(0, 3))
def test_numbers_that_need_more_decimals_later_change_nothing_before(
    before: list[Update], after: list[Update], price_decimals: int, size_decimals: int
) -> None:
    last_ns = before[-1].time_ns if before else 0
    after = [update._replace(time_ns=update.time_ns + last_ns) for update in after]
    finer = 10**price_decimals, 10**size_decimals
    scaled = [u._replace(price_ticks=u.price_ticks * finer[0], size_lots=u.size_lots * finer[1]) for u in before]
    book = Measures(MeasuredBook(interval_ns=SECOND_NS), keep=None)
    batches = Batches(BY_SECOND)
    book.advance(batches.of([], [columns_of_book(before)]))
    book.advance(batches.of([], [columns_of_book(after, 1 + price_decimals, 2 + size_decimals)]))

    price, size = Fraction(1, 10 * finer[0]), Fraction(1, 100 * finer[1])
    agree(measures_frame(book.rows()), measured([], [*scaled, *after], price, size, by_second))


@given(st.data(), st.sampled_from([Activity("t", Decimal(1)), Activity("t", Decimal(3)), Activity("v", Decimal(9000))]))
def test_bars_that_end_by_activity_hold_the_samples_of_their_time(data: st.DataObject, activity: Activity) -> None:
    updates, trades = data.draw(book_streams()), data.draw(trade_streams())
    times = times_of(updates, trades)
    plain = [
        reference.Trade(t.time_ns, Decimal(t.price_ticks).scaleb(-1), Decimal(t.size_lots).scaleb(-2), t.aggressor)
        for t in trades
    ]
    first_ns = min(times, default=0)
    begins = reference.begins_of(plain, first_ns, activity.unit, activity.limit)

    def begin_of(time_ns: int) -> int:
        return max(begin for begin in begins if begin <= time_ns)

    until = data.draw(st.lists(st.sampled_from(times), max_size=4)) if times else []
    aggregation = Aggregation(interval_ns=0, activity=activity)
    found = measures_of(trades, updates, aggregation=aggregation, until_ns=until)

    agree(found, measured(trades, updates, Fraction(1, 10), Fraction(1, 100), begin_of), begin_of_bucket=10**6)


@settings(max_examples=50)
@given(book_streams(), trade_streams(), st.integers(1, 3))
def test_the_last_intervals_alone_are_those_of_all(updates: list[Update], trades: list[Trade], keep: int) -> None:
    every = measures_of(trades, updates)
    times = sorted(set(times_of(updates, trades)))

    assert measures_of(trades, updates, until_ns=times, keep=keep).equals(every.tail(keep))


@settings(max_examples=50)
@given(book_streams(), st.integers(0, 80))
def test_a_book_that_goes_on_from_its_levels_measures_what_one_pass_does(updates: list[Update], at: int) -> None:
    at = next((i for i in range(at, len(updates)) if updates[i].time_ns != updates[i - 1].time_ns), len(updates))
    book = Book(interval_ns=SECOND_NS, obi_levels=10)
    book.advance(columns_of_book(updates[:at]))
    state = book.state()
    resumed = MeasuredBook.resumed(state, interval_ns=SECOND_NS)
    whole = MeasuredBook(interval_ns=SECOND_NS)
    whole.advance(columns_of_book(updates[:at]))
    if len(state.bids[0]) == 0 or len(state.asks[0]) == 0 or at in {0, len(updates)}:
        return
    later_ns = (updates[at].time_ns // SECOND_NS + 1) * SECOND_NS
    later = [update._replace(time_ns=update.time_ns + SECOND_NS) for update in updates[at:]]
    for each in (whole, resumed):
        each.advance(columns_of_book(later))
    one, other = whole.open_bars(), resumed.open_bars()
    same = one.bucket >= later_ns // SECOND_NS
    assert one.values[same].tobytes() == other.values[other.bucket >= later_ns // SECOND_NS].tobytes()


def a_row(updates: Sequence[Update], trades: Sequence[Trade] = ()) -> dict[str, float | None]:
    return measures_of(trades, updates, decimals=(0, 0)).row(-1, named=True)


def test_a_crossed_book_has_a_spread_below_zero_and_counts_what_lies_near_the_mid_on_either_side() -> None:
    row = a_row([Update(0, BID, 10_010, 3), Update(0, ASK, 10_000, 5), Update(0, BID, 9_000, 7)])

    assert (row["spread_close"], row["mid_close"]) == (-10, 10_005)
    # 5 basis points of 10,005 are 5.0025 either way.
    assert (row["depth_bid_bp_5"], row["depth_ask_bp_5"]) == (3, 5)


def test_a_level_of_a_crossed_book_farther_beyond_the_mid_than_the_basis_points_does_not_count() -> None:
    row = a_row(
        [Update(0, BID, 10_100, 3), Update(0, BID, 9_990, 4), Update(0, ASK, 9_900, 5), Update(0, ASK, 10_001, 6)]
    )

    assert (row["depth_bid_bp_25"], row["depth_ask_bp_25"]) == (4, 6)
    assert (row["depth_bid_bp_100"], row["depth_ask_bp_100"]) == (7, 11)


def test_an_empty_side_lets_values_stand_but_for_the_imbalances_of_levels() -> None:
    row = a_row([Update(0, BID, 99, 3), Update(0, ASK, 101, 1), Update(1, ASK, 101, 0), Update(2, BID, 90, 5)])

    assert (row["mid_close"], row["weighted_mid_close"], row["obi_bp_100_close"]) == (100, 100.5, 0.5)
    assert (row["obi_1_close"], row["obi_0_close"]) == (1, 1)


def test_values_before_there_were_two_sides_are_null() -> None:
    rows = measures_of([Trade(0, 99, 2, SELL)], [Update(SECOND_NS, BID, 99, 3)])

    assert rows["mid_close"].to_list() == rows["depth_bid_bp_10"].to_list() == [None, None]
    assert rows["obi_1_open"].to_list() == [0, 0]
    assert rows["obi_1_close"].to_list() == [0, 1]


def test_order_flow_reaches_across_intervals_and_a_first_sample_is_none() -> None:
    updates = [
        Update(0, BID, 99, 300),
        Update(0, ASK, 101, 100),
        Update(SECOND_NS, BID, 99, 500),
        Update(2 * SECOND_NS, BID, 100, 10),
        Update(3 * SECOND_NS, CLEAR, 0, 0),
        Update(3 * SECOND_NS, BID, 100, 40),
        Update(3 * SECOND_NS, ASK, 103, 70),
    ]
    rows = measures_of([Trade(2 * SECOND_NS, 101, 400, BUY)], updates)

    assert rows["ofi"].to_list() == [0, 2, 0.1, 0.3 + 1]
    assert rows["trade_flow"].to_list() == [0, 0, 4, 0]


@pytest.mark.parametrize("far", [WIDTH - 1, WIDTH, 3 * WIDTH])
def test_levels_far_from_the_touch_count_within_basis_points_of_large_prices(far: int) -> None:
    touch = 10**9
    updates = [Update(0, BID, touch, 1), Update(0, ASK, touch + 2, 2), Update(1, BID, touch - far, 4)]
    updates += [Update(2, ASK, touch + far, 8), Update(3, BID, touch - far, 5), Update(4, BID, touch - 2 * far, 16)]
    row = a_row(updates)

    assert (row["depth_bid_bp_100"], row["depth_ask_bp_100"]) == (22, 10)


@given(
    *[st.integers(-(2**62), 2**62), st.integers(0, 2**63 - 1)] * 2,
    st.integers(1, 2**63 - 1),
    st.integers(0, 2**63 - 1),
    st.integers(0, 18),
    st.integers(0, 18),
)
@example(2**62, 2**63 - 1, 2**62, 2**63 - 1, 2**63 - 1, 2**63 - 1, 18, 18)
@example(1, 1, -1, 1, 1, 0, 0, 0)
def test_a_quotient_of_long_numbers_is_the_nearest_float(
    a: int, b: int, c: int, d: int, e: int, f: int, decimals: int, more: int
) -> None:
    exact = Fraction(a * b + c * d, (e + f) * 10 ** (decimals + more))

    assert nearest(a, b, c, d, e, f, 10**decimals, 10**more) == float(exact)


def test_numbers_of_too_many_decimals_are_refused() -> None:
    with pytest.raises(ScaleOverflow, match="37 decimals"):
        a_row_of_decimals(37)


def a_row_of_decimals(decimals: int) -> None:
    measures_of([], [Update(0, BID, 99, 3)], decimals=(decimals, 0))


@settings(max_examples=50)
@given(book_streams(sizes=st.one_of(st.just(0), st.integers(1, 9), EDGE_SIZES)))
def test_the_newest_values_are_checked_against_the_levels_of_the_book(updates: list[Update]) -> None:
    book = Book(interval_ns=SECOND_NS, obi_levels=10)
    own = OwnMeasures((2, 30), (Decimal("0.5"), Decimal(7)))
    measures = Measures(MeasuredBook(interval_ns=SECOND_NS, own=own), keep=2)
    batches = Batches(BY_SECOND)
    for each in (updates[: len(updates) // 2], updates[len(updates) // 2 :]):
        events = columns_of_book(each)
        book.advance(events)
        measures.advance(batches.of([], [events]))
        assert measures_checks(measures, book) == {"measures_are_book": True if book.samples else None}
    (bid, _), (ask, _) = book.levels(1)
    if len(bid) and len(ask):
        book.advance(columns_of_book([Update(2**60, BID, int(bid[0]) + 1, 5)]))
        assert measures_checks(measures, book) == {"measures_are_book": False}
