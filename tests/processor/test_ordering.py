from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processor import ordering
from processor.events import BookEvents, Columns, Trades, concatenated
from processor.formats.base import Batch
from processor.ordering import in_time_order
from processor.report import Report
from tests.processor.streams import Trade, Update, columns_of_book, columns_of_trades

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

SECOND_NS = 1_000_000_000


def batches_of(trades: list[Trade], book: list[Update], size: int) -> Iterator[Batch]:
    for at in range(0, max(len(trades), len(book)), size):
        yield Batch(
            columns_of_trades(trades[at : at + size]) if trades[at : at + size] else None,
            columns_of_book(book[at : at + size]) if book[at : at + size] else None,
            at,
        )


def run(streams: list[Iterator[Batch]], report: Report | None = None) -> tuple[Trades | None, BookEvents | None]:
    trades: list[Trades] = []
    book: list[BookEvents] = []
    until_ns = None
    for chunk in in_time_order(streams, report or Report()):
        for part in (*chunk.trades, *chunk.book):
            assert len(part)
            assert until_ns is None or part.time_ns[0] > until_ns
            assert part.time_ns[-1] <= chunk.until_ns
        until_ns = chunk.until_ns
        trades += chunk.trades
        book += chunk.book
    return concatenated(trades) if trades else None, concatenated(book) if book else None


@given(
    st.lists(st.integers(0, 300), max_size=60),
    st.lists(st.integers(0, 300), max_size=60),
    st.integers(1, 20),
    st.integers(1, 20),
    st.booleans(),
)
def test_rows_in_any_order_come_out_in_time_order_and_stable(
    trade_times: list[int],
    book_times: list[int],
    size: int,
    other_size: int,
    together: bool,  # noqa: FBT001 - Hypothesis draws it
) -> None:
    trades = [Trade(time * SECOND_NS, i, 1, 1) for i, time in enumerate(trade_times)]
    book = [Update(time * SECOND_NS, 0, i, 1) for i, time in enumerate(book_times)]
    if together:
        streams = [batches_of(trades, book, size)]
    else:
        streams = [batches_of(trades, [], size), batches_of([], book, other_size)]

    trades_out, book_out = run(streams)

    wanted_trades = sorted(trades, key=lambda trade: trade.time_ns)
    wanted_book = sorted(book, key=lambda update: update.time_ns)
    assert in_rows(trades_out) == [(trade.time_ns, trade.price_ticks) for trade in wanted_trades]
    assert in_rows(book_out) == [(update.time_ns, update.price_ticks) for update in wanted_book]


def in_rows(columns: Columns | None) -> list[tuple[int, int]]:
    return [] if columns is None else list(zip(columns.time_ns.tolist(), columns.price_ticks.tolist(), strict=True))


def test_a_long_sorted_stream_is_released_as_it_is_read_and_bounded_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ordering, "HELD_ROWS", 100)
    read = 0

    def stream() -> Iterator[Batch]:
        nonlocal read
        for at in range(200):
            read += 10
            yield Batch(None, columns_of_book([Update((at * 10 + i) * SECOND_NS, 0, 1, 1) for i in range(10)]), at)

    released = 0
    for chunk in in_time_order([stream()], Report()):
        released += sum(map(len, chunk.book))
        assert read - released <= 200
    assert released == 2000


def test_a_row_too_late_to_be_sorted_is_taken_at_the_time_reached_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ordering, "HELD_ROWS", 1)
    rows = [Update(time * SECOND_NS, 0, i, 1) for i, time in enumerate([0, 100, 200, 300, 10, 400])]
    report = Report()

    _, book = run([batches_of([], rows, 1)], report)

    assert book is not None
    assert sorted(book.price_ticks.tolist()) == [0, 1, 2, 3, 4, 5]
    assert (np.diff(book.time_ns) >= 0).all()
    assert report.counts["late"] == 1


def test_a_stream_that_runs_ahead_waits_for_the_other() -> None:
    trades = [Trade(time * SECOND_NS, time, 1, 1) for time in range(0, 1000, 100)]
    book = [Update(time * SECOND_NS, 0, time, 1) for time in range(1000)]

    trades_out, book_out = run([batches_of(trades, [], 10), batches_of([], book, 7)])

    assert trades_out is not None
    assert book_out is not None
    assert (len(trades_out), len(book_out)) == (10, 1000)


def test_a_silence_is_a_minute_without_trades_and_updates() -> None:
    report = Report()
    trades = [Trade(time * SECOND_NS, 1, 1, 1) for time in (0, 50, 300)]
    book = [Update(time * SECOND_NS, 0, 1, 1) for time in (0, 100, 301)]

    run([batches_of(trades, [], 1), batches_of([], book, 1)], report)

    (silence,) = report.incidents
    assert (silence.kind, silence.time_ns, silence.until_ns) == ("silences", 100 * SECOND_NS, 300 * SECOND_NS)
    assert "200 s" in silence.detail


def test_the_report_tells_how_many_events_have_been_read_and_when_they_are_all() -> None:
    report = Report()
    trades = [Trade(time * SECOND_NS, 1, 1, 1) for time in range(30)]
    chunks = in_time_order([batches_of(trades, [Update(0, 0, 1, 1)], 10)], report)

    next(chunks)
    assert (report.trades, report.book_events, report.complete) == (30, 1, False)
    assert list(chunks) == []
    assert report.complete


def test_no_streams_give_no_chunks() -> None:
    assert list(in_time_order([], Report())) == []
