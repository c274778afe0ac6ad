"""The whole history of a dataset as the table behind a view: of its trades alone, or of its book in time."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import structlog

from processor.aggregate.alerts import AlertsTable
from processor.aggregate.book_tables import BOOK_TABLES, parts_of
from processor.aggregate.costs import TAU_NS, CostsOfBars, CostsOfTrades
from processor.aggregate.flow_tables import FLOW_TABLES, labelled
from processor.aggregate.heatmap_table import Heatmap
from processor.aggregate.measures import MeasuresTable, measures_of_store
from processor.aggregate.reading import Reading
from processor.aggregate.table import Aggregated
from processor.aggregate.tape import TAPE, order_tables
from processor.core.aggregates.batches import Batches
from processor.core.events import concatenated as joined
from processor.core.flow.cells import cells_of, concatenated, no_cells
from processor.core.flow.counted import Counted
from processor.core.flow.rows import decimals_of
from processor.core.flow.sizes import OrderSizes
from processor.core.intervals import number_of, start_of
from processor.core.price_step import PriceStep
from processor.core.sessions import begin_of, session_of
from processor.errors import DatasetError
from processor.formats import in_order
from processor.settings import resolved
from processor.sources.opening import complete_store
from processor.units import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from processor.aggregate.book_tables import BookTable
    from processor.aggregate.flow_tables import FlowTable
    from processor.aggregate.heatmap_table import Mode
    from processor.aggregate.reading import OnProgress
    from processor.core.aggregates.base import Batch
    from processor.core.events import Trades
    from processor.core.flow.cells import Cells, Ints
    from processor.core.merge.chunk import Chunk
    from processor.formats import Dataset
    from processor.settings import Aggregation, Settings
    from processor.sources.base import Source
    from processor.store.cache import Cache

_log = structlog.get_logger()

_FLOW: Final = {table.name: table for table in FLOW_TABLES}
CVD_BY_SIZE: Final = "cvd_by_size"
_BOOK: Final = {table.name: table for table in BOOK_TABLES} | {AlertsTable.name: AlertsTable}
VIEW_TABLES: Final = (
    {TAPE: "orders", CVD_BY_SIZE: "bars"}
    | {table.name: table.counted for table in FLOW_TABLES}
    | {table.name: table.counted for table in BOOK_TABLES}
)
"""Their names, and what their rows are."""


@dataclass(frozen=True, slots=True)
class RowOptions:
    """What the rows of a table are: price rows of `height`, None for the price step, and columns of a heatmap.

    A heatmap's columns are as long as `column` says, None for a bar, and `mode` is which of their samples counts.
    What trades cost is looked at `tau_ns` after them.
    """

    height: Fraction | None = None
    column: str | None = None
    mode: Mode = "last"
    tau_ns: int = TAU_NS


def view_tables(
    name: str,
    dataset: Dataset,
    instruments: Sequence[str],
    settings: Settings,
    cache: Cache | None,
    *,
    options: RowOptions | None = None,
    on_progress: OnProgress = lambda _what, _done, _total: None,
) -> list[Aggregated]:
    """Table `name` of each of `instruments`, oldest row first, from `settings.start` to `.until`.

    Raises:
        DatasetError: the dataset turns out unusable, or holds no trade.
        SettingError: there is no such instrument.
    """
    given = options or RowOptions()
    if name == Heatmap.name and given.column is not None:
        settings = replace(settings, interval=given.column)

    def attempt(found: Dataset) -> list[Aggregated]:
        return [_table(name, found, each, settings, cache, given, on_progress) for each in instruments]

    made = in_order(dataset, attempt)
    if name != AlertsTable.name and not any(each.trades or len(each.rows) for each in made):
        msg = f"there is no trade of {', '.join(instruments)} in the dataset"
        raise DatasetError(msg)
    return made


def _table(
    name: str,
    dataset: Dataset,
    instrument: str,
    settings: Settings,
    cache: Cache | None,
    options: RowOptions,
    on_progress: OnProgress,
) -> Aggregated:
    height = options.height
    if height is None and (name in _FLOW or (name in _BOOK and _BOOK[name].has_rows_of_price)):
        # Rows are as high as the price step of the whole dataset, which is known at its end.
        height = _price_step(Reading(dataset, instrument, settings, cache), settings, on_progress)
    reading = Reading(dataset, instrument, settings, cache)
    if name == MeasuresTable.name and (stored := _stored_measures(reading.source, settings, on_progress)) is not None:
        return stored
    chunks = reading.chunks(on_progress)
    if name == TAPE:
        time, parts = "time_ns", order_tables(part for chunk in chunks for part in chunk.trades)
    elif name == CVD_BY_SIZE:
        time, parts = "timestamp_ms", _size_tables(chunks, settings.aggregation)
    elif name in _BOOK:
        of_book = _book_table(name, settings.aggregation, height or Fraction(1), options)
        time, parts = of_book.time, parts_of(of_book, _batches(chunks, settings.aggregation))
    else:
        table = _FLOW[name](settings.aggregation.session_ns)
        time, parts = table.time, _flow_tables(table, chunks, settings.aggregation, height or Fraction(1))
    rows = pl.concat(list(parts))
    if settings.start is not None and reading.first_ns is not None and len(rows):
        rows = _since(rows, time, resolved(settings.start, reading.first_ns), settings.aggregation)
    return Aggregated(instrument, rows, reading.trades, 0, reading.source.report)


def _stored_measures(source: Source, settings: Settings, on_progress: OnProgress) -> Aggregated | None:
    """The measures of a store, if there is a complete one; None where bars end by activity, or before its end."""
    store = complete_store(source)
    if store is None or settings.until is not None or settings.aggregation.activity is not None:
        return None
    done, total = 0, sum(segment.trades + segment.book_events for segment in store.manifest.segments)

    def count(events: int) -> None:
        nonlocal done
        done += events
        on_progress(source.instrument, done, total)

    try:
        rows = measures_of_store(store.folder, store.manifest, settings.aggregation, count)
    except DatasetError as error:
        # What is damaged in a cache can be read from the dataset itself; where nothing else is there, it is said again.
        _log.warning("store_not_readable", reason=str(error))
        return None
    first_ns = store.manifest.first_ns
    if settings.start is not None and first_ns is not None and len(rows):
        rows = _since(rows, MeasuresTable.time, resolved(settings.start, first_ns), settings.aggregation)
    trades = sum(segment.trades for segment in store.manifest.segments)
    with closing(source):
        return Aggregated(source.instrument, rows, trades, 0, source.report)


def _book_table(name: str, aggregation: Aggregation, height: Fraction, options: RowOptions) -> BookTable:
    if name == Heatmap.name:
        return Heatmap(aggregation, height, options.mode)
    for kind in (CostsOfBars, CostsOfTrades):
        if name == kind.name:
            return kind(aggregation, height, options.tau_ns)
    return _BOOK[name](aggregation, height)


def _price_step(reading: Reading, settings: Settings, on_progress: OnProgress) -> Fraction:
    if settings.until is None and complete_store(reading.source) is not None:
        with closing(reading.source) as source:
            return source.price_step().height or Fraction(1)
    step = PriceStep()
    for chunk in reading.chunks(on_progress):
        step = step.advanced(chunk.trades, chunk.book)
    return step.height or Fraction(1)


def _flow_tables(
    table: FlowTable, chunks: Iterator[Chunk], aggregation: Aggregation, height: Fraction
) -> Iterator[pl.DataFrame]:
    """The table in parts, at least one; bars are passed on once they are whole."""

    def taken(cells: Cells) -> pl.DataFrame:
        cells = cells.finer(max(cells.price_decimals, decimals_of(height)), cells.size_decimals)
        return table.take(cells, int(height * 10**cells.price_decimals), aggregation.interval_ns)

    held = no_cells()
    for trades, bars_of, is_narrow in _in_bars(chunks, aggregation):
        cells = concatenated([held, cells_of(trades, bars_of, is_narrow=is_narrow, session_ns=aggregation.session_ns)])
        whole = int(np.searchsorted(cells.bucket, cells.bucket[-1]))
        if whole:
            yield taken(cells.pieces(slice(0, whole)))
        held = cells.pieces(slice(whole, None))
    yield taken(held)
    if (rest := table.end()) is not None:
        yield rest


def _size_tables(chunks: Iterator[Chunk], aggregation: Aggregation) -> Iterator[pl.DataFrame]:
    """The CVD by order size in parts, at least one."""
    sizes = OrderSizes(None, reset=aggregation.cvd_reset, session_ns=aggregation.session_ns)
    for trades, bars_of, is_narrow in _in_bars(chunks, aggregation):
        sizes.take(trades, bars_of, is_narrow=is_narrow)
        yield labelled(sizes.closed(), aggregation.interval_ns)
    yield labelled(sizes.frame(at_end=True), aggregation.interval_ns)


def _in_bars(chunks: Iterator[Chunk], aggregation: Aggregation) -> Iterator[tuple[Trades, Ints, bool]]:
    """The trades of each chunk that has some, the bar of each, and whether all so far come to less than NARROW_LOTS.

    A bar may go on in the next chunk.
    """
    counted = Counted()
    for batch in _batches(chunks, aggregation):
        if batch.trades:
            trades, is_narrow = counted.take(joined(batch.trades))
            yield trades, np.concatenate(batch.buckets), is_narrow


def _batches(chunks: Iterator[Chunk], aggregation: Aggregation) -> Iterator[Batch]:
    batches = Batches(aggregation)
    return (batches.of(chunk.trades, chunk.book) for chunk in chunks)


def _since(rows: pl.DataFrame, time: str, start_ns: int, aggregation: Aggregation) -> pl.DataFrame:
    """The rows from the one that holds a time."""
    if time == "time_ns":
        first = start_ns
    elif time == "session_ms":
        first = begin_of(session_of(start_ns, aggregation.session_ns), aggregation.session_ns) // NS_PER_MS
    elif aggregation.activity is None:
        first = start_of(number_of(start_ns, aggregation.interval_ns), aggregation.interval_ns) // NS_PER_MS
    else:
        # Every bar reaches to the start of the next one.
        labels = rows[time]
        first = labels[max(0, labels.search_sorted(start_ns // NS_PER_MS, "right") - 1)]
    return rows.filter(pl.col(time) >= first)
