"""Writes a store, segment by segment, from chunks in time order."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl

from processor.core.aggregates import bars
from processor.core.events import concatenated
from processor.store import manifest as manifests
from processor.store.base_bars import BARS_KIND, BASE_NS, MINUTES_KIND, SegmentBars
from processor.store.book_changes import SegmentChanges
from processor.store.detected import SegmentDetected
from processor.store.files import (
    CHECKPOINT_KIND,
    INDEX_FOLDER,
    INSTRUMENT_KEY,
    KIND_KEY,
    LAYOUT_VERSION,
    STATE_KEY,
    VERSION_KEY,
    CheckpointMetadata,
    checkpoint_frame,
    event_frame,
    event_metadata,
    file_name,
    read_checkpoint,
    write_parquet,
)
from processor.store.flow_minutes import FLOW_KIND, SegmentFlow
from processor.store.manifest import Manifest, Segment
from processor.store.measures import SegmentMeasures
from processor.store.order_sizes import ORDERS_KIND, SegmentOrders, orders_before
from processor.store.sessions import SESSION_KIND, SegmentSessions, traded_before
from processor.units import NS_PER_DAY, NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from processor.core.book import BookState
    from processor.core.events import BookEvents, Trades
    from processor.core.merge.chunk import Chunk
    from processor.core.report import Report
    from processor.store.checksums import StoredFile

SEGMENT_EVENTS: Final = 1_048_576
"""Events after which a segment ends, with the chunk it is in: reading to a moment within it takes some 30 ms."""
_FIRST_EVENTS: Final = 65_536
"""The first segment is this small, so that there is something to see, and each one after it twice as large."""


class StoreWriter:
    """Writes one instrument's events into a folder; `manifest` says what is there.

    Not safe for several writers of one folder.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Continue after the segments of `manifest`, which lie in `folder`.

        Raises:
            DatasetError: the last segment's checkpoint cannot be read.
        """
        self.manifest = manifest
        self._folder = folder
        self._trades: list[Trades] = []
        self._book_events: list[BookEvents] = []
        self._metadata = CheckpointMetadata(
            event_ns=0,
            trades=0,
            trade_decimals=(0, 0),
            cvd_lots=0,
            cvd_of_day_lots=0,
            cvd_day=0,
            traded=bars.Traded(),
            traded_before_day=bars.Traded(),
            book_decimals=(0, 0),
            clock=[],
            periods=[],
        )
        book = None
        if manifest.segments:
            last = len(manifest.segments) - 1
            self._metadata, book = read_checkpoint(manifest.index_path(folder, CHECKPOINT_KIND, last))
        self._bars = SegmentBars(book, manifest.last_ns)
        self._changes = SegmentChanges(book)
        self._sessions = SegmentSessions(traded_before(folder, manifest, len(manifest.segments)))
        orders = orders_before(folder, manifest, len(manifest.segments))
        self._orders, self._flow = SegmentOrders(orders), SegmentFlow(orders)
        self._detected = SegmentDetected(folder, manifest, book)
        self._measures = SegmentMeasures(folder, manifest, book)

    def add(self, chunk: Chunk) -> bool:
        """Take in what of `chunk` is not in a segment yet; return whether segments were written.

        Raises:
            OSError, WriteFailed: the operating system refused; the manifest stands as it was.
            ScaleOverflow: the numbers need more digits than 64 bits hold.
        """
        segments = len(self.manifest.segments)
        last_ns = self.manifest.last_ns
        rest: Chunk | None = chunk if last_ns is None else chunk.after(last_ns)
        while rest is not None and (first_ns := rest.first_ns) is not None:
            day_end_ns = (first_ns // NS_PER_DAY + 1) * NS_PER_DAY - 1
            if self._held and self._first_ns // NS_PER_DAY != first_ns // NS_PER_DAY:
                self._flush(chunk.consumed_bytes)
            self._hold(rest.until(day_end_ns))
            rest = rest.after(day_end_ns) if rest.until_ns > day_end_ns else None
        if self._held >= min(_FIRST_EVENTS << len(self.manifest.segments), SEGMENT_EVENTS):
            self._flush(chunk.consumed_bytes)
        return len(self.manifest.segments) > segments

    def close(self, report: Report) -> None:
        """Write what is still held, and that the store is complete.

        Raises:
            OSError, WriteFailed: the operating system refused; the store stays incomplete.
        """
        end = {"complete": True, "report": report.to_json().decode()}
        if self._held:
            self._flush(self.manifest.source_bytes, **end)
        else:
            self._save(**end)

    @property
    def _held(self) -> int:
        return sum(map(len, self._trades)) + sum(map(len, self._book_events))

    @property
    def _first_ns(self) -> int:
        return min(int(part.time_ns[0]) for part in (*self._trades[:1], *self._book_events[:1]))

    def _hold(self, chunk: Chunk) -> None:
        self._trades += [part for part in chunk.trades if len(part)]
        self._detected.add(chunk)
        for part in chunk.book:
            if len(part):
                self._book_events.append(part)
                self._bars.add(part)
                self._changes.add(part)
                self._measures.add(part)

    def _flush(self, consumed_bytes: int, **end: object) -> None:
        """Write what is held as a segment. Its files are on disk before the manifest names them, and says the `end`."""
        number = len(self.manifest.segments)
        first_ns = self._first_ns
        day = datetime.fromtimestamp(first_ns // NS_PER_SECOND, tz=UTC).strftime("%Y-%m-%d")
        new_folders = [name for name in (day, INDEX_FOLDER) if not (self._folder / name).is_dir()]
        for name in new_folders:
            (self._folder / name).mkdir(parents=True)
        files: dict[str, StoredFile] = {}

        def write(kind: str, frame: pl.DataFrame, metadata: dict[str, str]) -> None:
            name = file_name(kind, number, day)
            files[name] = write_parquet(self._folder / name, frame, metadata)

        state = self._bars.book_state()
        trades = self._all_trades()
        book = None
        if self._book_events:
            book = concatenated(self._book_events).rescaled(state.price_decimals, state.size_decimals)
        if trades is not None:
            write(
                "trades",
                event_frame("trades", trades, trades.aggressor),
                event_metadata("trades", self.manifest.instrument, trades),
            )
        if book is not None:
            frame = event_frame("book", book, book.side)
            write("book", frame, event_metadata("book", self.manifest.instrument, book))
        trade_bars = self._trade_bars(trades, first_ns // NS_PER_DAY)
        last_ns = max(int(part.time_ns[-1]) for part in (trades, book) if part is not None)
        self._metadata = msgspec.structs.replace(
            self._metadata,
            event_ns=last_ns,
            book_decimals=(state.price_decimals, state.size_decimals),
            clock=state.clock.tolist(),
            periods=state.periods.tolist(),
        )
        for kind, frame, metadata in self._index(trades, state, trade_bars, last_ns, has_book=book is not None):
            name = file_name(kind, number)
            known = {VERSION_KEY: LAYOUT_VERSION, INSTRUMENT_KEY: self.manifest.instrument, KIND_KEY: kind}
            files[name] = write_parquet(self._folder / name, frame, known | metadata, packed=True)
        # The manifest lies in the index's folder, which is synced with it.
        for folder in (day, ".") if new_folders else (day,):
            _sync(self._folder / folder)
        segment = Segment(
            day=day,
            first_ns=first_ns,
            last_ns=last_ns,
            trades=len(trades) if trades is not None else 0,
            book_events=len(book) if book is not None else 0,
            trade_decimals=self._metadata.trade_decimals,
            book_decimals=(state.price_decimals, state.size_decimals),
            consumed_bytes=consumed_bytes,
            minute_lots=_minute_lots(trade_bars),
            price_step=self.manifest.price_step.advanced(self._trades, self._book_events),
            files=files,
        )
        self._save(
            segments=(*self.manifest.segments, segment),
            first_ns=_earlier(self.manifest.first_ns, first_ns),
            first_trade_ns=_earlier(self.manifest.first_trade_ns, None if trades is None else int(trades.time_ns[0])),
            first_book_ns=_earlier(self.manifest.first_book_ns, None if book is None else int(book.time_ns[0])),
            **end,
        )
        self._trades, self._book_events = [], []
        self._bars.end(segment.last_ns)

    def _index(
        self, trades: Trades | None, state: BookState, trade_bars: pl.DataFrame, last_ns: int, *, has_book: bool
    ) -> Iterator[tuple[str, pl.DataFrame, dict[str, str]]]:
        """What is made from a segment's events: the kind of each file, its rows, and what it says beside them."""
        if has_book:
            for kind, changes in self._changes.end((state.price_decimals, state.size_decimals)):
                yield kind, changes, {}
        yield BARS_KIND, self._bars.rows(trade_bars), {}
        yield MINUTES_KIND, self._bars.minutes(trade_bars), {}
        for kind, measured in self._measures.end():
            yield kind, measured, {}
        if trades is not None:
            is_narrow = self._sessions.add(trades)
            yield SESSION_KIND, *self._sessions.file()
            self._orders.add(trades, is_narrow=is_narrow)
            yield ORDERS_KIND, *self._orders.file()
            if (flow := self._flow.file(trades, is_narrow=is_narrow)) is not None:
                yield FLOW_KIND, *flow
        for kind, file in self._detected.files(last_ns).items():
            yield kind, *file
        yield CHECKPOINT_KIND, checkpoint_frame(state), {STATE_KEY: msgspec.json.encode(self._metadata).decode()}

    def _all_trades(self) -> Trades | None:
        """What is held, on the finest scale seen so far."""
        if not self._trades:
            return None
        trades = concatenated(self._trades)
        price_decimals, size_decimals = self._metadata.trade_decimals
        return trades.rescaled(max(trades.price_decimals, price_decimals), max(trades.size_decimals, size_decimals))

    def _trade_bars(self, trades: Trades | None, day: int) -> pl.DataFrame:
        """The trades as bars of a second; counts them in the totals."""
        known = self._metadata
        if trades is None:
            return bars.empty()
        grown = trades.size_decimals - known.trade_decimals[1]
        cvd_lots = known.cvd_lots * 10**grown
        of_day_lots = known.cvd_of_day_lots * 10**grown if known.cvd_day == day else 0
        traded, before = bars.traded(trades), known.traded.finer(grown)
        made = bars.trade_bars(
            trades, trades.time_ns // BASE_NS, volume=traded.volume, cvd_lots=cvd_lots, cvd_day=0, reset="none"
        )
        step = int(made["cvd_close"][-1]) - cvd_lots
        self._metadata = msgspec.structs.replace(
            known,
            trades=known.trades + len(trades),
            trade_decimals=(trades.price_decimals, trades.size_decimals),
            cvd_lots=cvd_lots + step,
            cvd_of_day_lots=of_day_lots + step,
            cvd_day=day,
            traded=before + traded,
            traded_before_day=known.traded_before_day.finer(grown) if known.cvd_day == day else before,
        )
        return made

    def _save(self, **changes: object) -> None:
        changed = msgspec.structs.replace(self.manifest, **changes)
        manifests.save(self._folder, changed)
        self.manifest = changed


def _minute_lots(trade_bars: pl.DataFrame) -> tuple[tuple[int, int], ...]:
    """Number since the epoch and traded lots of each minute with trades, from bars of a second."""
    minutes = trade_bars.group_by(pl.col("bucket") // 60, maintain_order=True).agg(pl.col("volume").sum())
    return tuple(minutes.iter_rows())


def _earlier(known_ns: int | None, found_ns: int | None) -> int | None:
    return found_ns if known_ns is None else known_ns


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
