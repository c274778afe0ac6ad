"""From the parts of a dataset, each in file order, to chunks in time order.

Vendors' files are nearly sorted: receivers stamp in order, exchanges do not quite. Rows are held back until what is
read of their part runs `HELD_ROWS` rows and `HELD_NS` ahead of them, then released sorted, stably; so memory does not
grow with the dataset. A part whose rows are further apart than that is `Disordered`: whoever reads starts again with
that part sorted on disk (`processor.formats.opening.sorting`), so what comes out never depends on the window.

Parts are opened when the time of their first event is reached. Those that overlap are merged by time, then by their
order; what they tell twice is taken once (`processor.core.merge.overlaps`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import CLEAR, BookEvents, ColumnsT, LocatedTrades, concatenated
from processor.core.merge.chunk import Chunk, after
from processor.core.merge.counted import Counted
from processor.core.merge.held import Held, until
from processor.core.merge.jumps import Jumps
from processor.core.merge.overlaps import Overlaps, Telling, may_repeat
from processor.core.report import Report
from processor.errors import Disordered
from processor.units import NS_PER_MS, NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from processor.core.merge.parts import Batch, Part

    _Times = NDArray[np.int64]

HELD_ROWS: Final = 1_000_000
HELD_NS: Final = 60 * NS_PER_SECOND
SILENCE_NS: Final = 60 * NS_PER_SECOND

_STRIDE: Final = 64
"""Every how many rows a dense chunk is looked at for silences."""
_BEGINNING: Final = int(np.iinfo(np.int64).min)
_END: Final = int(np.iinfo(np.int64).max)


class _Reading:
    """A part that is being read, and how far."""

    def __init__(self, part: Part, report: Report) -> None:
        self.part = part
        self.batches = part.read(report)
        self.trades: Held[LocatedTrades] = Held()
        self.book: Held[BookEvents] = Held()
        self.consumed_bytes = 0
        self.ended = False
        self._below_zero: bool | None = None
        self._jumps = Jumps(part.name, report)

    @property
    def newest_ns(self) -> int:
        return max(self.trades.last_ns, self.book.last_ns)

    def releasable_ns(self) -> int:
        """Up to which time rows may go as far as the order within this part is concerned."""
        return max(self.trades.releasable_ns(HELD_ROWS), self.book.releasable_ns(HELD_ROWS))

    def begin_ns(self) -> int:
        """Time of the earliest row held; the begin of time where the part may have earlier ones anywhere."""
        if self.part.first_ns is None:
            return _BEGINNING + 1
        return min(self.trades.earliest_ns, self.book.earliest_ns)

    def take(self, batch: Batch, report: Report, counted: Counted) -> int:
        """Hold what is in `batch`; return the earliest time in it, the end of time without an event."""
        self.consumed_bytes = batch.consumed_bytes
        earliest_ns = _END
        trades = LocatedTrades.of(batch.trades, batch.lines, batch.ids)
        if trades is not None and len(real := self._real(trades, report, counted)):
            report.trades += len(real)
            self._jumps.look(real)
            earliest_ns = self.trades.add(real)
        if batch.book is not None and len(batch.book) and self.part.book:
            report.book_events += len(batch.book)
            earliest_ns = min(earliest_ns, self.book.add(batch.book))
        return earliest_ns

    def _real(self, trades: LocatedTrades, report: Report, counted: Counted) -> LocatedTrades:
        """The trades without those of no size, or at a price of 0 where that means that there is none."""
        of_nothing = trades.size_lots == 0
        priceless = (trades.price_ticks == 0) & ~of_nothing
        if priceless.any() and self._falls_below_zero():
            priceless[:] = False
        for found, detail in ((of_nothing, "a size of 0"), (priceless, "a price of 0")):
            rows = np.flatnonzero(found)
            told = ((trades.line_of(row), int(trades.time_ns[row]), detail) for row in rows)
            report.add_all("not_trades", self.part.name, told, len(rows))
        nothing = of_nothing | priceless
        if not nothing.any():
            return trades
        if self.part.consecutive_ids:
            counted.pass_over(trades.id[nothing])
        return trades.rows(~nothing)

    def _falls_below_zero(self) -> bool:
        """Whether any price of the part is below 0, so that 0 is a price, too. Reads all of it, once."""
        if self._below_zero is None:
            self._below_zero = any(
                batch.trades is not None and bool((batch.trades.price_ticks < 0).any())
                for batch in self.part.read(Report())
            )
        return self._below_zero


def in_time_order(parts: Sequence[Part], report: Report) -> Iterator[Chunk]:
    """Merge `parts` into chunks, each later than the one before; silences, and what is told twice, go to `report`.

    `report` also counts the events read, and says when they are all.

    Raises:
        DatasetError: a part is unusable, or parts tell of the same time, but not the same.
        Disordered: a part's rows are further out of order than can be held back; chunks until then missed them.
    """
    released_ns = last_ns = _BEGINNING
    merge = _Merge(parts, report)
    while merge.read(released_ns):
        until_ns = merge.releasable_ns()
        if until_ns <= released_ns:
            continue
        released_ns = until_ns
        chunk = merge.release(until_ns)
        kinds = [part.time_ns for part in chunk.trades], [part.time_ns for part in chunk.book]
        if not any(kinds):
            continue
        newest_ns = max(int(times[-1][-1]) for times in kinds if times)
        _note_silences(kinds, last_ns, report)
        last_ns = max(last_ns, newest_ns)
        yield replace(chunk, until_ns=newest_ns) if until_ns == _END else chunk
    report.complete = True


class _Merge:
    """All parts of a dataset: those to come, and those being read."""

    def __init__(self, parts: Sequence[Part], report: Report) -> None:
        self._report = report
        self._waiting = sorted(enumerate(parts), key=lambda each: _begin_of(each[1]), reverse=True)
        ordered = sorted(enumerate(parts), key=lambda each: (each[1].rank, _begin_of(each[1])))
        self._place = {number: place for place, (number, _) in enumerate(ordered)}
        self._reading: list[tuple[int, _Reading]] = []
        self._read_bytes = 0
        self._seeded = not any(part.has_snapshots for part in parts)
        self._finished = False
        self._counted = Counted(report)
        # Of equals none is better, and there is nothing to leave out.
        self._better = _Better(report) if len({part.trades_rank for part in parts}) > 1 else None
        self._trades_told = Overlaps("trades", report)
        self._book_told = Overlaps("book updates", report)

    def read(self, released_ns: int) -> bool:
        """Read some more; return False once everything has been read and released."""
        if self._finished:
            return False
        active = [reading for _, reading in self._reading if not reading.ended]
        # The part that is furthest behind holds the others up.
        furthest = min(active, key=lambda reading: reading.newest_ns, default=None)
        if self._waiting and (furthest is None or _begin_of(self._waiting[-1][1]) - HELD_NS <= furthest.newest_ns):
            number, part = self._waiting.pop()
            self._reading.append((self._place[number], _Reading(part, self._report)))
            self._reading.sort(key=lambda each: each[0])
        elif furthest is None:
            self._finished = True
        elif (batch := next(furthest.batches, None)) is None:
            furthest.ended = True
            furthest.consumed_bytes = furthest.part.size_bytes
        elif furthest.take(batch, self._report, self._counted) <= released_ns:
            raise Disordered(furthest.part.name)
        return True

    def releasable_ns(self) -> int:
        """Up to which time everything has been read; the end of time once that is all."""
        if self._finished:
            return _END
        active = [reading for _, reading in self._reading if not reading.ended]
        behind_ns = [reading.newest_ns for reading in active]
        behind_ns += [_begin_of(part) for _, part in self._waiting[-1:]]
        if not behind_ns or min(behind_ns) < _BEGINNING + HELD_NS:
            return _BEGINNING
        enough_ns = max((reading.releasable_ns() for reading in active), default=_END)
        before_ns = min((reading.begin_ns() for reading in active), default=_END) - 1
        return min(min(behind_ns) - HELD_NS, max(enough_ns, before_ns))

    def release(self, until_ns: int) -> Chunk:
        """All events up to `until_ns` that are still held, in time order."""
        trades = self._tellings([(reading, reading.trades, until_ns) for _, reading in self._reading])
        book = self._tellings([(reading, reading.book, until_ns) for _, reading in self._reading])
        if self._better is not None:
            trades = self._better.of(trades, self._with_trades(until_ns))
        consumed = self._read_bytes + sum(reading.consumed_bytes for _, reading in self._reading)
        once = _once(trades, self._trades_told)
        self._counted.check([telling.part for telling in trades], once)
        chunk = Chunk(
            tuple(part.bare() for part in once if len(part)),
            tuple(part for part in self._from_snapshot(_once(book, self._book_told), book) if len(part)),
            until_ns,
            consumed,
        )
        done = [each for each in self._reading if each[1].ended and each[1].newest_ns <= until_ns]
        self._read_bytes += sum(reading.part.size_bytes for _, reading in done)
        self._reading = [each for each in self._reading if each not in done]
        return chunk

    def _with_trades(self, until_ns: int) -> list[tuple[Part, int]]:
        """The parts that go on, and those that begin no more than a second after that time, with their first trades."""
        found = [
            (reading.part, reading.trades.first_ns)
            for _, reading in self._reading
            if not reading.ended and reading.trades.first_ns is not None
        ]
        for _, part in reversed(self._waiting):
            if part.first_ns is None or part.first_ns > until_ns + NS_PER_SECOND:
                break
            if part.trades and not part.book:
                found.append((part, part.first_ns))
        return found

    def _tellings(self, held: list[tuple[_Reading, Held[ColumnsT], int]]) -> list[Telling[ColumnsT]]:
        """What each part has of a kind up to that time, for those that have something."""
        return [
            Telling(reading.part, rows, kind.first_ns or 0, kind.last_ns, reading.ended)
            for reading, kind, until_ns in held
            if (rows := kind.release(until_ns))
        ]

    def _from_snapshot(
        self, book: tuple[BookEvents, ...], told: Sequence[Telling[BookEvents]]
    ) -> tuple[BookEvents, ...]:
        """The updates from the first snapshot on, where the format has snapshots."""
        if self._seeded:
            return book
        kept: list[BookEvents] = []
        for part in book:
            at = 0
            if not self._seeded:
                clears = np.flatnonzero(part.side == CLEAR)
                at = int(clears[0]) if len(clears) else len(part)
                self._seeded = bool(len(clears))
            if at:
                name = ", ".join(telling.part.name for telling in told)
                self._report.add("before_snapshot", name, None, int(part.time_ns[0]), "no snapshot yet", count=at)
            kept.append(part.rows(slice(at, None)))
        return tuple(kept)


def _begin_of(part: Part) -> int:
    return _BEGINNING if part.first_ns is None else part.first_ns


def _once(told: Sequence[Telling[ColumnsT]], overlaps: Overlaps) -> tuple[ColumnsT, ...]:
    """What the parts tell, each event once, by time and then by the order of the parts."""
    follow = all(one.ended and one.last_ns <= other.first_ns for one, other in pairwise(told))
    if not follow or any(may_repeat(telling.rows) for telling in told):
        return _joined(told, overlaps)
    # Files that follow one another share a moment at most, so no more than its rows need to be compared.
    seams = sorted({one.last_ns for one, other in pairwise(told) if one.last_ns == other.first_ns})
    if not seams:
        return tuple(rows for telling in told for rows in telling.rows)
    found: list[ColumnsT] = []
    since_ns = _BEGINNING
    for seam_ns in seams:
        found += [rows for telling in told for rows in _between(telling, since_ns, seam_ns - 1).rows]
        found += _joined([_between(telling, seam_ns - 1, seam_ns) for telling in told], overlaps)
        since_ns = seam_ns
    return (*found, *(rows for telling in told for rows in _between(telling, since_ns, _END).rows))


def _between(telling: Telling[ColumnsT], since_ns: int, until_ns: int) -> Telling[ColumnsT]:
    """The same with the rows after the one time and up to the other."""
    rows = (after(until(part, until_ns), since_ns) for part in telling.rows)
    return replace(telling, rows=tuple(part for part in rows if len(part)))


def _joined(told: Sequence[Telling[ColumnsT]], overlaps: Overlaps) -> tuple[ColumnsT, ...]:
    telling = [each for each in told if each.rows]
    if not telling:
        return ()
    joined = concatenated(overlaps.once(telling))
    return (joined.rows(np.argsort(joined.time_ns, kind="stable")),)


@dataclass(frozen=True, slots=True)
class _Reach:
    """Of a part: the rank of its source, and the times of its first trade and of its last one so far.

    `unit_ns` is how exactly one source at least gives times: what another one tells of the same trade may differ by it.
    """

    rank: int
    first_ns: int
    last_ns: int
    unit_ns: int

    def after(self, telling: Telling[LocatedTrades]) -> _Reach:
        """The same with what the part tells next."""
        whole = all(bool((rows.time_ns % NS_PER_SECOND == 0).all()) for rows in telling.rows)
        unit_ns = self.unit_ns if whole else NS_PER_MS
        return replace(self, first_ns=telling.first_ns, last_ns=telling.last_ns, unit_ns=unit_ns)

    def span(self, *, goes_on: bool) -> tuple[int, int]:
        """From when to when it tells the trades."""
        begin_ns = self.first_ns // self.unit_ns * self.unit_ns
        return begin_ns, _END if goes_on else (self.last_ns // self.unit_ns + 1) * self.unit_ns - 1


class _Better:
    """Leaves out trades that a better source of the same instrument tells, too."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._reaches: dict[int, _Reach] = {}
        """By the identity of a part."""

    def of(
        self, told: list[Telling[LocatedTrades]], active: Sequence[tuple[Part, int]]
    ) -> list[Telling[LocatedTrades]]:
        """The same without the trades within the time of a part of a better source.

        `active` are the parts that go on, or begin about now, each with the time of its first trade.
        """
        kept = []
        going_on = {id(part) for part, _ in active}
        begins = [(telling.part, telling.first_ns) for telling in told]
        for part, first_ns in (*active, *begins):
            unit_ns = NS_PER_MS if first_ns % NS_PER_SECOND else NS_PER_SECOND
            self._reaches.setdefault(id(part), _Reach(part.trades_rank, first_ns, first_ns, unit_ns))
        for telling in told:
            self._reaches[id(telling.part)] = self._reaches[id(telling.part)].after(telling)
        for telling in told:
            rows = telling.rows
            for which, reach in self._reaches.items():
                if reach.rank < telling.part.trades_rank:
                    rows = self._outside(telling, rows, *reach.span(goes_on=which in going_on))
            if rows:
                kept.append(replace(telling, rows=rows))
        newest_ns = max((int(telling.rows[-1].time_ns[-1]) for telling in told), default=_BEGINNING)
        self._reaches = {
            which: reach
            for which, reach in self._reaches.items()
            if which in going_on or reach.span(goes_on=False)[1] > newest_ns
        }
        return kept

    def _outside(
        self, telling: Telling[LocatedTrades], rows: tuple[LocatedTrades, ...], begin_ns: int, end_ns: int
    ) -> tuple[LocatedTrades, ...]:
        found: list[LocatedTrades] = []
        for part in rows:
            within = (part.time_ns >= begin_ns) & (part.time_ns <= end_ns)
            found.append(part.rows(~within))
            where = np.flatnonzero(within)
            detail = "a better source tells the trades of this time"
            located = ((part.line_of(row), int(part.time_ns[row]), detail) for row in where)
            self._report.add_all("unused", telling.part.name, located, len(where))
        return tuple(part for part in found if len(part))


def _note_silences(kinds: Sequence[list[_Times]], last_ns: int, report: Report) -> None:
    """Report periods without any event; `kinds` holds each kind's parts, of which at least one has rows."""
    every = [part for parts in kinds for part in parts]
    begun_ns = last_ns if last_ns != _BEGINNING else min(int(part[0]) for part in every)
    edges = np.array([begun_ns, max(int(part[-1]) for part in every)])
    # Times increase, so a silence between two rows is one between any two rows around them: some rows of the kind
    # that has most of them are enough to see that there is none.
    densest = max(kinds, key=lambda parts: sum(map(len, parts)))
    some = [rows for part in densest for rows in (part[::_STRIDE], part[-1:])]
    if not (np.diff(np.concatenate([edges[:1], *some, edges[1:]])) > SILENCE_NS).any():
        return
    merged = np.sort(np.concatenate([edges[:1], *every]), kind="stable")
    for at in np.flatnonzero(np.diff(merged) > SILENCE_NS):
        silent_ns, ended_ns = int(merged[at]), int(merged[at + 1])
        detail = f"{(ended_ns - silent_ns) / NS_PER_SECOND:.0f} s without an event"
        report.add("silences", "", None, silent_ns, detail, until_ns=ended_ns)
