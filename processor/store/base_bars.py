"""What a store keeps of the bars: those of a second, which add up to intervals of any number of seconds.

A store has a file of them for each segment, and one of those of a minute, with which long intervals take less time.
`SegmentBars` makes their rows, `intervals_before` restores from them the intervals that an engine needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np
import polars as pl

from processor.core.aggregates import bars
from processor.core.aggregates.bars import Traded
from processor.core.book import Book, BookBars, concatenated, no_bars
from processor.core.intervals import origin_ns
from processor.core.runs import distinct, run_starts
from processor.core.sessions import begin_of, session_of
from processor.store.ahead import read_ahead
from processor.store.files import CHECKPOINT_KIND, CheckpointMetadata, fits, read_parquet, read_state
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from processor.core.aggregates.bars import TradeTotals
    from processor.core.book import BookState
    from processor.core.events import BookEvents
    from processor.settings import Aggregation
    from processor.store.manifest import Manifest, Segment

BARS_KIND: Final = "bars"
BASE_NS: Final = NS_PER_SECOND
"""Interval of the bars that a store holds."""
MINUTES_KIND: Final = "bars-60s"
_MINUTE: Final = 60
"""Seconds, the interval of those that it holds besides."""
BASE_OBI: Final = {
    10: ("obi_open", "obi_high", "obi_low", "obi_close"),
    0: ("whole_open", "whole_high", "whole_low", "whole_close"),
}
"""Their columns of imbalance, by the levels a side that it counts; 0 is the whole book."""

_BEST: Final = ("best_bid", "best_ask")
_INT64: Final = np.iinfo(np.int64)


class Intervals(NamedTuple):
    """Intervals as an `EngineState` has them, and what was traded before the first one of trades."""

    trade_bars: pl.DataFrame
    book_bars: BookBars
    traded_before: Traded


class _Sampled:
    """A book, and the intervals of a second that it has closed in this segment."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.closed: list[BookBars] = []

    def advance(self, events: BookEvents) -> None:
        price_decimals = self.book.price_decimals
        closed = self.book.advance(events)
        if grown := self.book.price_decimals - price_decimals:
            self.closed = [earlier.finer(grown) for earlier in self.closed]
        self.closed.append(closed)

    def bars(self, since: int | None) -> BookBars:
        """From interval number `since` on, the open one included; none for None."""
        return no_bars() if since is None else concatenated([*self.closed, self.book.open_bars()]).since(since)


class SegmentBars:
    """Bars of a second of the segment that is being written, with the book that they are sampled from."""

    def __init__(self, book: BookState | None, last_ns: int | None) -> None:
        """Start before the first event, or go on with `book` after one at `last_ns`."""
        self._sampled = {levels: _Sampled(_book(book, levels)) for levels in BASE_OBI}
        self._last_bucket = 0 if last_ns is None else last_ns // BASE_NS
        self._has_book_events = False

    def add(self, events: BookEvents) -> None:
        """Take in book events of the segment.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        self._has_book_events = True
        for sampled in self._sampled.values():
            sampled.advance(events)

    def book_state(self) -> BookState:
        """The book as it is now."""
        return next(iter(self._sampled.values())).book.state()

    def rows(self, trade_bars: pl.DataFrame) -> pl.DataFrame:
        """Rows of the segment: intervals with trades (as `bars.trade_bars` gives them) or samples, null for neither.

        An interval of the book that began in an earlier segment is in them as far as it has come.
        """
        return _frame(trade_bars, self._of_levels())

    def minutes(self, trade_bars: pl.DataFrame) -> pl.DataFrame:
        """The same in intervals of a minute; a minute that is cut has a row in both segments."""
        of_levels = {levels: bars.coarser(_MINUTE) for levels, bars in self._of_levels().items()}
        return _frame(bars.coarser(trade_bars, _MINUTE), of_levels)

    def _of_levels(self) -> dict[int, BookBars]:
        since = self._last_bucket if self._has_book_events else None
        return {levels: sampled.bars(since) for levels, sampled in self._sampled.items()}

    def end(self, last_ns: int) -> None:
        """End the segment with its last event, at `last_ns`."""
        self._last_bucket = last_ns // BASE_NS
        self._has_book_events = False
        for sampled in self._sampled.values():
            sampled.closed = []


def _book(state: BookState | None, obi_levels: int) -> Book:
    if state is None:
        return Book(interval_ns=BASE_NS, obi_levels=obi_levels)
    return Book.resumed(state, interval_ns=BASE_NS, obi_levels=obi_levels)


def _frame(trade_bars: pl.DataFrame, book_bars: dict[int, BookBars]) -> pl.DataFrame:
    """The intervals of trades joined with those of the book, which are the same for each of the levels of BASE_OBI."""
    samples: dict[str, NDArray[Any]] = {}
    for levels, names in BASE_OBI.items():
        of_levels = book_bars[levels]
        samples |= {"bucket": of_levels.bucket, _BEST[0]: of_levels.bid_ticks, _BEST[1]: of_levels.ask_ticks}
        samples |= dict(zip(names, (of_levels.open, of_levels.high, of_levels.low, of_levels.close), strict=True))
    narrow = [pl.col(name).cast(pl.Int64) for name in bars.SCHEMA if len(trade_bars) and fits(trade_bars[name], _INT64)]
    return (
        trade_bars.with_columns(narrow)
        .join(pl.DataFrame(samples), on="bucket", how="full", coalesce=True)
        .sort("bucket")
    )


def read_bars(path: Path, obi_levels: int) -> tuple[pl.DataFrame, BookBars]:
    """Bars of trades, and of the book with the imbalance of `obi_levels` levels, of which BASE_OBI knows.

    Raises:
        DatasetError: the file is damaged.
    """
    obi = BASE_OBI[obi_levels]
    frame = read_parquet(path, [*bars.SCHEMA, *obi, *_BEST])
    trade_bars = frame.filter(pl.col("trades").is_not_null()).select(*bars.SCHEMA).cast(bars.SCHEMA)  # type: ignore[arg-type]
    samples = frame.filter(pl.col(obi[0]).is_not_null())
    return trade_bars, BookBars(*(samples[name].to_numpy() for name in ("bucket", *obi, *_BEST)))


def adds_up(aggregation: Aggregation) -> bool:
    """Whether the stored bars of a second add up to what is wanted."""
    by_time = aggregation.activity is None and aggregation.interval_ns % BASE_NS == 0
    return by_time and aggregation.obi_levels in BASE_OBI


def intervals_before(
    folder: Path, manifest: Manifest, segment: int, aggregation: Aggregation, wanted: int
) -> Intervals:
    """The intervals before `segment`, at least the last `wanted` of each kind if there are so many; see `adds_up`.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    base = _base_of(aggregation)
    found = _bars_before(folder, manifest, segment, base, aggregation.obi_levels, aggregation.interval_ns, wanted)
    parts = zip(manifest.segments[found.first : segment], found.trades, found.book, strict=True)
    return _gathered(parts, base, aggregation, _before(folder, manifest, found.first, segment, aggregation))


def all_intervals_before(
    folder: Path, manifest: Manifest, segment: int, aggregation: Aggregation, on_segment: Callable[[Segment], None]
) -> Intervals:
    """All intervals before `segment`; see `adds_up`. `on_segment` is called with each segment that has been read.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    base = _base_of(aggregation)

    def parts() -> Iterator[tuple[Segment, pl.DataFrame, BookBars]]:
        for number, each in enumerate(manifest.segments[:segment]):
            yield each, *_read_segment(folder, manifest, number, segment - 1, base.kind, aggregation.obi_levels)
            on_segment(each)

    return _gathered(parts(), base, aggregation, _Before())


class _Base(NamedTuple):
    """The stored bars that are read: the kind of their files, and their interval."""

    kind: str
    interval_ns: int


_SECONDS: Final = _Base(BARS_KIND, BASE_NS)
_MINUTES: Final = _Base(MINUTES_KIND, _MINUTE * BASE_NS)


def _base_of(aggregation: Aggregation) -> _Base:
    """The longest that add up to what is wanted."""
    return _SECONDS if aggregation.interval_ns % _MINUTES.interval_ns else _MINUTES


def segment_before(folder: Path, manifest: Manifest, segment: int, interval_ns: int, wanted: int) -> int:
    """The last segment such that `wanted` intervals with trades, and with samples, start from it on before `segment`.

    It is 0 if there are not so many.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    per_bucket, odd_ns = divmod(interval_ns, BASE_NS)
    # A second may lie in two intervals, so seconds are counted where intervals cannot be.
    counted_ns, wanted = (interval_ns, wanted) if not odd_ns else (BASE_NS, wanted * (per_bucket + 1))
    return _bars_before(folder, manifest, segment, _SECONDS, 0, counted_ns, wanted).first


@dataclass(frozen=True, slots=True)
class _Stored:
    """Stored bars from segment number `first` on, of trades on the scale of the last of them."""

    first: int
    trades: list[pl.DataFrame]
    book: list[BookBars]


def _bars_before(
    folder: Path, manifest: Manifest, segment: int, base: _Base, obi_levels: int, interval_ns: int, wanted: int
) -> _Stored:
    """The bars before `segment`, from so far back that `wanted` intervals have trades, and have samples.

    Reads only as far back as it must, or to the first segment.
    """
    per_bucket, origin = interval_ns // base.interval_ns, origin_ns(interval_ns) // base.interval_ns
    found = _Stored(segment, [], [])
    traded: set[int] = set()
    sampled: set[int] = set()
    parts = read_ahead(
        lambda number: _read_segment(folder, manifest, number, segment - 1, base.kind, obi_levels),
        reversed(range(segment)),
    )
    while found.first and min(len(traded), len(sampled)) < wanted:
        trades, book = next(parts)
        for numbers, stored in ((traded, trades["bucket"].to_numpy()), (sampled, book.bucket)):
            numbers.update(distinct((stored - origin) // per_bucket).tolist())
        found = _Stored(found.first - 1, [trades, *found.trades], [book, *found.book])
    parts.close()
    return found


def _read_segment(
    folder: Path, manifest: Manifest, number: int, latest: int, kind: str, obi_levels: int
) -> tuple[pl.DataFrame, BookBars]:
    """The bars of segment `number` on the scale of those of segment `latest`."""
    then, now = manifest.segments[number], manifest.segments[latest]
    trades, book = read_bars(manifest.index_path(folder, kind, number), obi_levels)
    grown = (later - earlier for later, earlier in zip(now.trade_decimals, then.trade_decimals, strict=True))
    return bars.rescaled(trades, *grown), book.finer(now.book_decimals[0] - then.book_decimals[0])


def _gathered(
    parts: Iterable[tuple[Segment, pl.DataFrame, BookBars]],
    base: _Base,
    aggregation: Aggregation,
    before: _Before,
) -> Intervals:
    """Stored bars of successive segments as intervals, with the CVD counted from where it is to restart.

    Each segment is gathered by itself, so that not all of its bars have to be held.
    """
    per_bucket = aggregation.interval_ns // base.interval_ns
    origin = origin_ns(aggregation.interval_ns) // base.interval_ns
    restart = before.restart
    trade_parts: list[pl.DataFrame] = []
    book_parts: list[BookBars] = []
    for _, trades, book in parts:
        of_session = trades
        if aggregation.cvd_reset == "day" and len(trades):
            begins_ns = trades["bucket"].to_numpy() * base.interval_ns
            of_session, restart = _restarted(trades, session_of(begins_ns, aggregation.session_ns), restart)
        trade_parts.append(bars.coarser(of_session.with_columns(pl.col("bucket") - origin), per_bucket))
        book_parts.append(replace(book, bucket=book.bucket - origin).coarser(per_bucket))
    trade_bars = bars.coarser(pl.concat(trade_parts), 1)
    return Intervals(trade_bars, concatenated(book_parts).coarser(1), before.traded)


class _Restart(NamedTuple):
    """A session, and the CVD before its first trade."""

    session: int = -1
    cvd_lots: int = 0


def _restarted(trades: pl.DataFrame, sessions: NDArray[np.int64], restart: _Restart) -> tuple[pl.DataFrame, _Restart]:
    """Trade bars, each wholly in one of the `sessions`, with the CVD from where these start; and the last start.

    `restart` is that of the session of the last trade before them.
    """
    parts = []
    for first, end in pairwise((*run_starts(sessions).tolist(), len(sessions))):
        some = trades[first:end]
        if sessions[first] != restart.session:
            restart = _Restart(int(sessions[first]), some["cvd_open"][0])
        parts.append(some.with_columns(pl.col(name) - pl.lit(restart.cvd_lots, pl.Int128) for name in bars.CVD))
    return pl.concat(parts), restart


_NO_RESTART: Final = _Restart()


@dataclass(frozen=True, slots=True)
class _Before:
    """What is known of the time before some stored bars: what was traded, and where the CVD last restarted."""

    restart: _Restart = _NO_RESTART
    traded: Traded = field(default_factory=Traded)


def _before(folder: Path, manifest: Manifest, first: int, segment: int, aggregation: Aggregation) -> _Before:
    """What was before segment `first`, on the scale of the segment before `segment`."""
    if first == 0:
        return _Before()
    totals = totals_before(folder, manifest, first, aggregation)
    grown = manifest.segments[segment - 1].trade_decimals[1] - totals.trade_decimals[1]
    cvd_lots = (totals.cvd_lots - totals.cvd_of_day_lots) * 10**grown
    return _Before(_Restart(totals.cvd_day, cvd_lots), totals.traded.finer(grown))


def totals_before(
    folder: Path, manifest: Manifest, segment: int, aggregation: Aggregation, totals: TradeTotals | None = None
) -> TradeTotals:
    """What the trades before `segment` come to; `totals` are those that its checkpoint has, if they are read already.

    These are of UTC days. Where the CVD restarts with other sessions, those of a day are made to be of a session.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    totals = totals or read_state(manifest.index_path(folder, CHECKPOINT_KIND, segment - 1), CheckpointMetadata)
    traded = [number for number in range(segment) if manifest.segments[number].trades]
    if not aggregation.session_ns or aggregation.cvd_reset == "none" or not traded:
        return totals
    # A session starts with a minute, so a second is of one.
    last_ns = int(_seconds(folder, manifest, traded[-1])["bucket"][-1]) * BASE_NS
    session = session_of(last_ns, aggregation.session_ns)
    begin_ns = begin_of(session, aggregation.session_ns)
    begun = [number for number in traded if manifest.segments[number].first_ns < begin_ns]
    if not begun:
        return msgspec.structs.replace(
            totals, cvd_day=session, cvd_of_day_lots=totals.cvd_lots, traded_before_day=Traded()
        )
    cvd_lots, before = _at(folder, manifest, begun[-1], begin_ns)
    grown = totals.trade_decimals[1] - manifest.segments[begun[-1]].trade_decimals[1]
    return msgspec.structs.replace(
        totals,
        cvd_day=session,
        cvd_of_day_lots=totals.cvd_lots - cvd_lots * 10**grown,
        traded_before_day=before.finer(grown),
    )


def _at(folder: Path, manifest: Manifest, number: int, at_ns: int) -> tuple[int, Traded]:
    """The CVD, and what was traded, before a second in or after a segment with trades, and on its scale."""
    before = Traded()
    if number:
        totals = read_state(manifest.index_path(folder, CHECKPOINT_KIND, number - 1), CheckpointMetadata)
        before = totals.traded.finer(manifest.segments[number].trade_decimals[1] - totals.trade_decimals[1])
    trades = _seconds(folder, manifest, number)
    some = trades.filter(pl.col("bucket") < at_ns // BASE_NS)
    cvd_lots = some["cvd_close"][-1] if len(some) else trades["cvd_open"][0]
    _, *sides = bars.lots_of(some)
    return cvd_lots, before + Traded(*sides)


def _seconds(folder: Path, manifest: Manifest, number: int) -> pl.DataFrame:
    return read_bars(manifest.index_path(folder, BARS_KIND, number), 0)[0]
