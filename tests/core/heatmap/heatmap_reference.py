"""The heatmap of the definitions, slowly and obviously: a dict of levels, a copy of it at each sample, exact sums."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BID, ASK, CLEAR, ONLY_BID, ONLY_ASK = range(5)

Event = tuple[int, int, Fraction, Fraction]
"""Time in ns, side, price and size."""
Cell = tuple[int, str, Fraction, Fraction]
"""Start of the column in ns, side, lower edge of the row, size."""
Book = dict[tuple[int, Fraction], Fraction]


def books_of(events: Sequence[Event]) -> list[tuple[int, Book]]:
    """The book after the last event of each time."""
    book: Book = {}
    found = []
    for time_ns, group in groupby(events, key=lambda event: event[0]):
        for _, side, price, size in group:
            emptied = {CLEAR: {BID, ASK}, ONLY_BID: {BID}, ONLY_ASK: {ASK}}.get(side, set())
            book = {level: rests for level, rests in book.items() if level[0] not in emptied}
            if side != CLEAR:
                book[side - ONLY_BID if side > CLEAR else side, price] = size
        book = {level: rests for level, rests in book.items() if rests}
        found.append((time_ns, book))
    return found


def in_rows(book: Book, height: Fraction) -> Book:
    found: Book = {}
    for (side, price), size in book.items():
        edge = price // height * height
        found[side, edge] = found.get((side, edge), Fraction(0)) + size
    return found


def heatmap(
    trades_ns: Sequence[int],
    events: Sequence[Event],
    begin_of: Callable[[int], int],
    height: Fraction,
    *,
    greatest: bool,
) -> list[Cell]:
    books = books_of(events)
    cells: list[Cell] = []
    for begin_ns in sorted({begin_of(time_ns) for time_ns in (*trades_ns, *(each[0] for each in books))}):
        own = [in_rows(book, height) for time_ns, book in books if begin_of(time_ns) == begin_ns]
        before = [in_rows(book, height) for time_ns, book in books if time_ns < begin_ns][-1:]
        shown = own[-1:] or before
        if greatest and own:
            shown = [*before, *own]
        rows = sorted({row for each in shown for row in each})
        cells += [
            (begin_ns, "ask" if side else "bid", edge, max(each.get((side, edge), Fraction(0)) for each in shown))
            for side, edge in rows
        ]
    return cells
