"""Columns of the heatmap beside a slow reference: what rests in each price row, whatever the batches and the sizes."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.aggregate.heatmap_table import Heatmap
from processor.core.aggregates.batches import Batches
from processor.core.events import BID, CLEAR
from processor.core.heatmap import resting
from processor.core.heatmap.columns import Columns
from processor.core.intervals import start_of
from processor.errors import ScaleOverflow
from processor.settings import Aggregation
from tests import reference as bars_reference
from tests.core.heatmap import heatmap_reference as reference
from tests.core.streams import (
    EDGE_SIZES,
    SIZES,
    Trade,
    Update,
    aggregations,
    book_streams,
    columns_of_book,
    columns_of_trades,
    cuts,
    trade_streams,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from processor.core.heatmap.resting import Cells

SECOND_NS: Final = 10**9
PRICE_DECIMALS, SIZE_DECIMALS = 1, 2
HEIGHTS: Final = st.sampled_from([Fraction(1, 10), Fraction(1, 2), Fraction(3, 100), Fraction(7), Fraction(10_000)])
BOOKS: Final = st.sampled_from([SIZES, EDGE_SIZES]).flatmap(lambda sizes: book_streams(sizes=sizes))
ANY_AGGREGATION: Final = aggregations([SECOND_NS, 60 * SECOND_NS, 7 * 86_400 * SECOND_NS], [10])


def begins(trades: Sequence[Trade], book: Sequence[Update], aggregation: Aggregation) -> Callable[[int], int]:
    """Where the interval of a time begins, in ns."""
    interval_ns, activity = aggregation.interval_ns, aggregation.activity
    if activity is None:
        return lambda time_ns: start_of((time_ns - start_of(0, interval_ns)) // interval_ns, interval_ns)
    exact = [
        bars_reference.Trade(
            each.time_ns,
            Decimal(each.price_ticks).scaleb(-PRICE_DECIMALS),
            Decimal(each.size_lots).scaleb(-SIZE_DECIMALS),
            each.aggressor,
        )
        for each in trades
    ]
    first_ns = min([each[0] for each in (*trades, *book)], default=0)
    with bars_reference.exactly():
        begins_ns = bars_reference.begins_of(exact, first_ns, activity.unit, activity.limit)
    return lambda time_ns: begins_ns[bisect_right(begins_ns, time_ns) - 1]


def expected(
    trades: Sequence[Trade], book: Sequence[Update], aggregation: Aggregation, height: Fraction, *, greatest: bool
) -> list[reference.Cell]:
    return reference.heatmap(
        [each.time_ns for each in trades],
        [
            (each.time_ns, each.side, Fraction(each.price_ticks, 10**PRICE_DECIMALS), Fraction(each.size_lots, 100))
            for each in book
        ],
        begins(trades, book, aggregation),
        height,
        greatest=greatest,
    )


def found(
    trades: Sequence[Trade],
    book: Sequence[Update],
    aggregation: Aggregation,
    height: Fraction,
    *,
    greatest: bool,
    places: Sequence[int],
) -> list[reference.Cell]:
    """The columns, with the events given up to each of some places of their common order."""
    batches = Batches(aggregation)
    columns = Columns(aggregation.interval_ns, height, greatest=greatest)
    events = sorted([*trades, *book], key=lambda each: each[0])
    given_columns: list[tuple[int, Cells]] = []
    for first, last in zip(places, [*places[1:], len(events)], strict=True):
        part = events[first:last]
        batch = batches.of(
            [columns_of_trades([each for each in part if isinstance(each, Trade)])],
            [columns_of_book([each for each in part if isinstance(each, Update)])],
        )
        given_columns += columns.take(batch)
    given_columns += columns.end()
    by_time = aggregation.activity is None
    return [
        (
            start_of(bucket, aggregation.interval_ns) if by_time else bucket * 10**6,
            "ask" if side else "bid",
            row * height,
            Fraction(lots, 10**cells.size_decimals),
        )
        for bucket, cells in given_columns
        for side, row, lots in zip(cells.side.tolist(), cells.row.tolist(), cells.lots.tolist(), strict=True)
    ]


@given(trade_streams(), BOOKS, ANY_AGGREGATION, HEIGHTS, st.booleans(), st.data())
def test_every_cell_is_that_of_the_reference_whatever_the_batches(
    trades: list[Trade],
    book: list[Update],
    aggregation: Aggregation,
    height: Fraction,
    greatest: bool,  # noqa: FBT001 - Hypothesis gives it
    data: st.DataObject,
) -> None:
    places = data.draw(cuts(len(trades) + len(book)))
    cells = found(trades, book, aggregation, height, greatest=greatest, places=places)

    assert cells == expected(trades, book, aggregation, height, greatest=greatest)


@given(BOOKS, HEIGHTS, st.booleans())
def test_a_book_of_more_levels_and_rows_than_there_is_room_for_loses_none(
    book: list[Update],
    height: Fraction,
    greatest: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    aggregation = Aggregation(SECOND_NS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resting, "_ROOM", 2)
        cells = found([], book, aggregation, height, greatest=greatest, places=[0])

    assert cells == expected([], book, aggregation, height, greatest=greatest)


@given(book_streams(), st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_events_that_need_more_decimals_later_change_no_cell(
    book: list[Update],
    price_growth: int,
    size_growth: int,
    greatest: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    half = len(book) // 2
    finer = [
        each._replace(price_ticks=each.price_ticks * 10**price_growth, size_lots=each.size_lots * 10**size_growth)
        for each in book[half:]
    ]
    scale = PRICE_DECIMALS + price_growth, SIZE_DECIMALS + size_growth
    table, known = (Heatmap(Aggregation(SECOND_NS), Fraction(1, 2), "max" if greatest else "last") for _ in range(2))
    batches = Batches(Aggregation(SECOND_NS))
    parts = [
        table.take(batches.of([], [columns_of_book(book[:half])])),
        table.take(batches.of([], [columns_of_book(finer, *scale)])),
        table.end(),
    ]
    whole = [known.take(batches.of([], [columns_of_book(book)])), known.end()]

    assert [row for part in parts for row in part.rows()] == [row for part in whole for row in part.rows()]


def test_a_level_without_room_on_the_finest_scale_is_refused() -> None:
    columns = Columns(SECOND_NS, Fraction(1), greatest=False)
    batches = Batches(Aggregation(SECOND_NS))
    list(columns.take(batches.of([], [columns_of_book([Update(0, BID, 10, 2**62)])])))

    with pytest.raises(ScaleOverflow):
        list(columns.take(batches.of([], [columns_of_book([Update(1, CLEAR, 0, 0)], 1, 9)])))
