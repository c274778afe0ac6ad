"""What a store keeps of what is detected: after each segment what became known in it, and what is known of the future.

Three files: `events`, whose rows are what became known, `newest`, the newest of each kind up to then, and `windows`,
the windows of absorption that are open at its end, and those that have ended, of which only the lots matter by then.
Divergences depend on the interval and are in none; the orders of the last hour come from the trades.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import polars as pl

from processor.core.aggregates.base import Batch
from processor.core.aggregates.large_orders import WINDOW_NS, Hour
from processor.core.detected.detector import Detector, TradeState
from processor.core.detected.found import Found
from processor.core.detected.kept import Newest
from processor.core.detected.recent import Recent
from processor.core.detected.sweeps import orders_of_hour
from processor.core.detected.table import found_frame
from processor.core.detected.walls import WallState, WatchedBook
from processor.core.detected.windows import LENGTH_NS, Absorbing, Windows
from processor.core.events import UNKNOWN, concatenated
from processor.store.files import STATE_KEY, narrow, read_parquet, read_state, trades_of_segment

if TYPE_CHECKING:
    from pathlib import Path

    from processor.core.book import BookState
    from processor.core.lots import Lots
    from processor.core.merge.chunk import Chunk
    from processor.store.manifest import Manifest

EVENTS_KIND: Final = "events"
NEWEST_KIND: Final = "newest"
WINDOWS_KIND: Final = "windows"

File = tuple[pl.DataFrame, dict[str, str]]
"""The rows of a file, and its metadata."""


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """What the file of events says beside its rows, for who goes on from there.

    `decimals` are those of prices and of the sizes of trades, `clock` and `levels` are those of `WallState`. `recent`
    are the trades of the last second at the prices of these levels: times, prices, lots.
    """

    decimals: tuple[int, int]
    clock: list[int]
    levels: tuple[list[list[int]], list[list[int]]]
    recent: tuple[list[int], list[int], list[int]]


class SegmentDetected:
    """What is detected in what is being written."""

    def __init__(self, folder: Path, manifest: Manifest, book: BookState | None) -> None:
        """Go on after the segments of `manifest`, with the levels of `book`.

        Raises:
            DatasetError: a file of the store is damaged.
        """
        self._last_ns = manifest.last_ns or 0
        if book is None:
            self._detector, self._newest = Detector(None), Newest()
            return
        self._newest = Newest(found_before(folder, manifest, len(manifest.segments)))
        trades, walls = known_before(folder, manifest, len(manifest.segments))
        self._detector = Detector(None, trades, WatchedBook.resumed(walls, book, trades.decimals[0]))

    def add(self, chunk: Chunk) -> None:
        """Take in events, all of each time.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        trades = [part for part in chunk.trades if len(part)]
        no_bars = [np.zeros(len(part), np.int64) for part in trades]
        self._detector.advance(Batch(trades, no_bars, [part for part in chunk.book if len(part)]))
        self._detector.settle()

    def files(self, last_ns: int) -> dict[str, File]:
        """By kind, the files of a segment that ends at `last_ns`, which has what has come since the one before."""
        detector = self._detector
        found, detector.found = detector.found, []
        self._newest.add(found)
        known, walls = detector.trades, detector.book.state
        recent = known.recent.at({price for side in walls.counted for price, *_ in side})
        state = _State(
            decimals=known.decimals,
            clock=walls.clock.tolist(),
            levels=walls.counted,
            recent=(recent.time_ns.tolist(), recent.price_ticks.tolist(), recent.lots.tolist()),
        )
        metadata = {STATE_KEY: msgspec.json.encode(state).decode()}
        ended = known.absorbing.hour.since(self._last_ns)
        self._last_ns = last_ns
        return {
            EVENTS_KIND: (found_frame(found), metadata),
            NEWEST_KIND: (found_frame(self._newest.all()), {}),
            WINDOWS_KIND: (_windows_frame(ended, known.absorbing.open), {}),
        }


def _windows_frame(ended: Hour, still_open: Windows) -> pl.DataFrame:
    """Those that have ended are of no side, and of no price either."""
    nothing = np.zeros(len(ended.time_ns), np.int64)
    return pl.DataFrame(
        {
            "begin_ns": np.concatenate([ended.time_ns - LENGTH_NS, still_open.begin_ns]),
            "price_ticks": np.concatenate([nothing, still_open.price_ticks]),
            "side": np.concatenate([nothing.astype(np.int8), still_open.side]),
            "size_lots": narrow(np.concatenate([ended.lots, still_open.lots])),
        }
    )


def known_before(folder: Path, manifest: Manifest, segment: int) -> tuple[TradeState, WallState]:
    """What is known before `segment`, which is not the first, of all but divergences.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    state = read_state(manifest.index_path(folder, EVENTS_KIND, segment - 1), _State)
    last_ns = manifest.segments[segment - 1].last_ns
    size_decimals = state.decimals[1]
    orders, ended = Hour(), Hour()
    still_open = Windows()
    for number in reversed(range(segment)):
        each = manifest.segments[number]
        if each.last_ns < last_ns - WINDOW_NS:
            break
        hour, windows = _windows_of(folder, manifest, number)
        grown = size_decimals - _decimals(folder, manifest, number)[1] if number < segment - 1 else 0
        ended = hour.finer(grown).before(ended)
        if number == segment - 1:
            still_open = windows
        if each.trades:
            trades = concatenated(trades_of_segment(folder, number, each))
            orders = orders_of_hour(trades, last_ns).finer(size_decimals - trades.size_decimals).before(orders)
    times, prices, lots = state.recent
    trade_state = TradeState(
        decimals=state.decimals,
        recent=Recent(np.array(times, np.int64), np.array(prices, np.int64), lots_of(lots)),
        orders=orders,
        absorbing=Absorbing(still_open, ended),
    )
    return trade_state, WallState.of(state.clock, state.levels)


def _decimals(folder: Path, manifest: Manifest, segment: int) -> tuple[int, int]:
    return read_state(manifest.index_path(folder, EVENTS_KIND, segment), _State).decimals


def lots_of(values: list[int]) -> Lots:
    """Lots as a column, of objects where one has no room in 64 bits."""
    is_wide = any(value.bit_length() > _BITS for value in values)
    return np.array(values, object if is_wide else np.int64)


_BITS: Final = 63


def _windows_of(folder: Path, manifest: Manifest, segment: int) -> tuple[Hour, Windows]:
    """The windows that ended in a segment, in the hour before its end, and those that were open then."""
    frame = read_parquet(manifest.index_path(folder, WINDOWS_KIND, segment))
    column = frame["size_lots"]
    lots = lots_of(column.to_list()) if column.dtype == pl.Int128() else column.to_numpy().astype(np.int64)
    begin_ns = frame["begin_ns"].to_numpy()
    ended = int((frame["side"] == UNKNOWN).sum())
    still_open = frame[ended:]
    windows = Windows(
        begin_ns[ended:],
        still_open["price_ticks"].to_numpy().astype(np.int64),
        still_open["side"].to_numpy().astype(np.int8),
        lots[ended:],
    )
    return Hour(begin_ns[:ended] + LENGTH_NS, lots[:ended]), windows


def found_of_segment(folder: Path, manifest: Manifest, segment: int) -> list[Found]:
    """What became known in a segment, but divergences, in order.

    Raises:
        DatasetError: the file is damaged.
    """
    return _found(manifest.index_path(folder, EVENTS_KIND, segment))


def found_before(folder: Path, manifest: Manifest, segment: int) -> list[Found]:
    """The newest of each kind that became known before `segment`, which is not the first, but divergences, in order.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    return _found(manifest.index_path(folder, NEWEST_KIND, segment - 1))


def _found(path: Path) -> list[Found]:
    rows: list[tuple[Any, ...]] = read_parquet(path).rows()
    return [Found(*row) for row in rows]
