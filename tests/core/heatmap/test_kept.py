"""The heatmap of a replay: the columns that an engine keeps, and the windows of price rows that are shown of them."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.engine import Engine, checks
from processor.core.events import ASK, BID, CLEAR
from processor.core.heatmap import kept, resting, shown
from processor.core.heatmap.resting import Extent
from processor.core.heatmap.shown import least_height, rows_of
from processor.core.intervals import start_of
from processor.publish.views.heatmap import heatmap_payload
from processor.settings import Aggregation
from shared import decode
from shared.views.heatmap import HEATMAP, MAX_HEATMAP_BYTES
from tests.core.heatmap.test_columns import ANY_AGGREGATION, BOOKS, expected
from tests.core.streams import Trade, Update, columns_of_book, columns_of_trades, cuts, trade_streams

if TYPE_CHECKING:
    from collections.abc import Sequence

SECOND_NS: Final = 10**9
ROWS: Final = 8


def fed(engine: Engine, trades: Sequence[Trade], book: Sequence[Update], moments_ns: Sequence[int]) -> Engine:
    """The engine after the events up to each of the moments; at each of them its file is made."""
    before_ns = -(2**62)
    for moment_ns in moments_ns:
        engine.advance(
            [columns_of_trades([each for each in trades if before_ns < each[0] <= moment_ns])],
            [columns_of_book([each for each in book if before_ns < each[0] <= moment_ns])],
        )
        heatmap_payload(engine)
        before_ns = moment_ns
    return engine


def with_heatmap(aggregation: Aggregation, row: Fraction | None) -> Aggregation:
    return Aggregation(
        aggregation.interval_ns,
        aggregation.obi_levels,
        aggregation.cvd_reset,
        aggregation.activity,
        frozenset({"heatmap"}),
        row,
    )


@pytest.fixture(autouse=True)
def _few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "MOST_CELLS", 125 * ROWS)
    monkeypatch.setattr(kept, "_SPARE", 2)


@given(
    trade_streams(),
    BOOKS,
    ANY_AGGREGATION,
    st.sampled_from([1, 3, 1000]),
    st.sampled_from([None, Fraction(1, 10), Fraction(1, 2), Fraction(100)]),
    st.sampled_from([2, 1024]),
    st.data(),
)
def test_each_column_shows_what_the_reference_has_in_its_window_whatever_the_batches(
    trades: list[Trade],
    book: list[Update],
    aggregation: Aggregation,
    keep: int,
    row: Fraction | None,
    room: int,
    data: st.DataObject,
) -> None:
    aggregation = with_heatmap(aggregation, row)
    times = sorted(each[0] for each in (*trades, *book))
    places = data.draw(cuts(len(times)))
    moments = [times[place - 1] for place in places if place]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resting, "_ROOM", room)
        engine = fed(Engine(aggregation, keep=keep), trades, book, moments)
    once = fed(Engine(aggregation, keep=keep), trades, book, times[-1:])

    assert heatmap_payload(engine) == heatmap_payload(once)
    assert checks(engine.rows(), engine)["heatmap_is_book"] is not False
    assert engine.heatmap_shown is not None
    found = engine.heatmap_shown.windows(row, engine.price_step.height or Fraction(1))
    cells = expected(trades, book, aggregation, found.height, greatest=False)
    windows = [*found.closed, *found.open]
    by_time = aggregation.activity is None
    begins_ns = [start_of(each.bucket, aggregation.interval_ns) if by_time else each.bucket * 10**6 for each in windows]
    assert [each.bucket for each in windows] == engine.rows()["bucket"].to_list()[-keep:]
    assert found.rows == ROWS
    for begin_ns, window in zip(begins_ns, windows, strict=True):
        shown_rows = range(window.first_row, window.first_row + found.rows)
        wanted: dict[tuple[str, Fraction], Fraction] = {
            (side, edge): size
            for start_ns, side, edge, size in cells
            if start_ns == begin_ns and edge / found.height in shown_rows
        }
        assert wanted == {
            (name, number * found.height): Fraction(lots, 10**found.size_decimals)
            for side, name in ((0, "bid"), (1, "ask"))
            for number, lots in zip(shown_rows, window.lots[side].tolist(), strict=True)
            if lots
        }


@given(BOOKS, st.sampled_from([None, Fraction(1, 2)]))
def test_the_file_is_sound_and_within_its_bounds(book: list[Update], row: Fraction | None) -> None:
    engine = Engine(with_heatmap(Aggregation(SECOND_NS), row), keep=1000)
    payload = heatmap_payload(fed(engine, [], book, [2**62]))

    assert payload is not None
    assert len(payload) <= MAX_HEATMAP_BYTES
    assert [*HEATMAP.faults(decode(HEATMAP.file, payload))] == []


def test_a_column_lists_its_best_prices_and_the_rows_between_its_outermost_sizes() -> None:
    book = [Update(0, BID, 990, 5), Update(0, BID, 1000, 100), Update(0, BID, 1003, 50), Update(0, ASK, 1012, 1)]
    engine = Engine(with_heatmap(Aggregation(SECOND_NS), Fraction(1, 2)), keep=1000)
    rows: list[list[Any]] = json.loads(heatmap_payload(fed(engine, [], book, [0])) or b"")

    assert rows == [[0, 0.5, 100.3, 101.2, 99.0, [0.05, 0, 1.5], 101.0, [0.01]]]


def test_a_column_may_have_more_changes_than_its_batch_has_events() -> None:
    second = SECOND_NS
    levels = [Update(0, BID, 1000 - number, 7) for number in range(50)]
    engine = Engine(with_heatmap(Aggregation(second), None), keep=1000)
    fed(engine, [], [*levels, Update(second, CLEAR, 0, 0), Update(2 * second, ASK, 1010, 3)], [0, 2 * second])

    assert engine.heatmap is not None
    found = {column.bucket: column for column in engine.heatmap.closed}
    assert (len(found[0].changes), found[0].extent) == (50, Extent(951, 1000, None, None, 50))
    assert found[1].changes.size_lots.tolist() == [0] * 50
    assert found[1].changes.before_lots.tolist() == [7] * 50
    assert found[1].changes.price_ticks.tolist() == [*range(951, 1001)]
    assert found[1].extent == Extent(None, None, None, None, 0)


def test_levels_whose_sizes_come_to_more_than_64_bits_are_told_one_by_one() -> None:
    most = 2**62
    levels = (np.array([1000, 999]), np.array([most, most]))
    book = resting.Resting()
    book.hold((levels, (np.array([1001]), np.array([most]))), 1, 3)
    updates = columns_of_book([Update(0, BID, 999, most - 1), Update(SECOND_NS, ASK, 1001, 1)], 1, 3)
    (first, second) = resting.columns_at_ends(book, resting.Intervals(SECOND_NS), updates)

    assert (first[:2], len(first[2].changes)) == ((None, 0), 0)
    assert second[:2] == (0, 1)
    assert second[2].changes.before_lots.tolist() == [most]
    assert second[2].changes.size_lots.tolist() == [most - 1]


def test_columns_are_forgotten_when_they_have_too_many_changes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_CHANGES", 6)
    book = [Update(second * SECOND_NS, BID, 1000 + number, 1 + second) for second in range(9) for number in range(2)]
    aggregation = with_heatmap(Aggregation(SECOND_NS), None)
    once = fed(Engine(aggregation, keep=1000), [], book, [9 * SECOND_NS])
    often = fed(Engine(aggregation, keep=1000), [], book, [second * SECOND_NS for second in range(9)])
    rows: list[list[Any]] = json.loads(heatmap_payload(once) or b"")

    assert [row[0] for row in rows] == [6000, 7000, 8000]
    assert heatmap_payload(often) == heatmap_payload(once)


def test_fewer_columns_have_more_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "MOST_CELLS", 50_000)

    assert [rows_of(columns) for columns in (1, 125, 126, 250, 600, 1000, 2000)] == [400, 400, 299, 200, 71, 50, 25]


@pytest.mark.parametrize(
    ("extents", "height"),
    [
        ([], Fraction(1, 4)),
        ([Extent(None, None, None, None, 0)], Fraction(1, 4)),
        ([Extent(0, 4000, 4025, 9000, 500), Extent(0, 4100, 4125, 9000, 500)], Fraction(1, 4)),
        ([Extent(0, 4000, 4025, 9000, 500), Extent(0, 4300, 4325, 9000, 500)], Fraction(1, 2)),
        ([Extent(0, 4000, 4025, 9000, 500), Extent(0, 4800, 4825, 9000, 500)], Fraction(5, 4)),
        ([Extent(3990, 4000, 4025, 4050, 5), Extent(4790, 4800, 4825, 4850, 5)], Fraction(1, 4)),
    ],
    ids=["no column", "empty", "within the window", "twice", "five times", "all of a shallow book"],
)
def test_rows_are_as_high_as_the_prices_in_view_need(extents: list[Extent], height: Fraction) -> None:
    assert least_height(extents, Fraction(1, 4), ROWS, 2) == height
