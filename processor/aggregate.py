"""The whole history of a dataset as one table."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

from processor import bars
from processor.engine import OBI, Engine, decimal_floats
from processor.errors import DatasetError, SettingError
from processor.events import NS_PER_MS, Trades, concatenated
from processor.formats.chunks import prefetched
from processor.ordering import in_time_order
from processor.settings import resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from processor.formats import OpenedDataset
    from processor.ordering import Chunk
    from processor.report import Report
    from processor.settings import Settings

COLUMNS: Final = (
    "timestamp_ms",
    *bars.PRICES,
    *bars.LOTS,
    "trades",
    *OBI,
    *bars.CVD,
    "best_bid",
    "best_ask",
)
SUFFIXES: Final = (".parquet", ".csv")

_CHUNKS_AHEAD: Final = 6
"""Reading comes in bursts: a few chunks of some megabytes in stock keep the engine from waiting."""
_TRADES_AT_ONCE: Final = 131_072
"""Polars takes a millisecond for a call, however few the trades in it are."""


def aggregate(
    opened: OpenedDataset, settings: Settings, report: Report, on_progress: Callable[[int], None] | None = None
) -> Engine:
    """Run the whole dataset, or its part up to `settings.until`, through an engine and return it.

    `on_progress` is told the bytes of the dataset read so far.

    Raises:
        DatasetError: the dataset turns out unusable, or holds no event.
    """
    engine = Engine(settings.aggregation)
    with closing(prefetched(in_time_order(opened.streams, report), _CHUNKS_AHEAD)) as chunks:
        for chunk in _with_trades_together(_until(chunks, settings)):
            engine.advance(chunk.trades, chunk.book)
            if on_progress:
                on_progress(chunk.consumed_bytes)
    if not engine.trades and not engine.book.samples:
        msg = f"there is no event of {opened.instrument} in the dataset"
        raise DatasetError(msg)
    return engine


def _until(chunks: Iterable[Chunk], settings: Settings) -> Iterator[Chunk]:
    limit_ns: int | None = None
    for chunk in chunks:
        if settings.until is None:
            yield chunk
            continue
        if limit_ns is None:
            limit_ns = resolved(settings.until, min(int(part.time_ns[0]) for part in (*chunk.trades, *chunk.book)))
        yield chunk.until(limit_ns)
        if chunk.until_ns >= limit_ns:
            return


def _with_trades_together(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """The same chunks with their trades put off until there are many; an engine minds the order within a kind only."""
    waiting: list[Trades] = []
    began = False
    for chunk in chunks:
        waiting += chunk.trades
        # The first chunk goes whole: from it the engine knows when the dataset begins.
        if not began or sum(map(len, waiting)) >= _TRADES_AT_ONCE:
            yield replace(chunk, trades=(concatenated(waiting),) if waiting else ())
            waiting = []
        else:
            yield replace(chunk, trades=())
        began = True
    if waiting:
        yield replace(chunk, trades=(concatenated(waiting),), book=())


def table(engine: Engine, settings: Settings) -> pl.DataFrame:
    """The engine's intervals in the instrument's own units, columns of COLUMNS, oldest first.

    With `settings.start`, from the interval that holds it.
    """
    rows = engine.rows()
    tape, book = engine.tape, engine.book
    decimals = (
        dict.fromkeys(bars.PRICES, tape.price_decimals)
        | dict.fromkeys((*bars.LOTS, *bars.CVD), tape.size_decimals)
        | dict.fromkeys(("best_bid", "best_ask"), book.price_decimals)
    )
    rows = rows.with_columns(
        pl.Series("timestamp_ms", engine.timestamps_ms(rows), dtype=pl.Int64),
        *(_floats(rows[name], places) for name, places in decimals.items()),
    ).select(*COLUMNS)
    if settings.start is not None and engine.first_ns is not None:
        first_bucket = resolved(settings.start, engine.first_ns) // settings.interval_ns
        rows = rows.filter(pl.col("timestamp_ms") >= first_bucket * settings.interval_ns // NS_PER_MS)
    return rows


def _floats(column: pl.Series, decimals: int) -> pl.Series:
    there = column.is_not_null()
    floats = pl.Series(column.name, decimal_floats(column.fill_null(0).to_numpy(), decimals))
    return floats.zip_with(there, pl.Series([None], dtype=pl.Float64)) if not there.all() else floats


def write_table(rows: pl.DataFrame, out: Path) -> None:
    """Write `rows` to a .parquet or .csv file, whole or not at all.

    Raises:
        SettingError: the suffix is neither.
    """
    check_suffix(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.tmp")
    try:
        if out.suffix.lower() == ".parquet":
            rows.write_parquet(temporary)
        else:
            rows.write_csv(temporary)
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def check_suffix(out: Path) -> None:
    """Refuse an output file that is neither Parquet nor CSV, before any work is done.

    Raises:
        SettingError: the suffix is neither.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise SettingError("out", str(out), "a file that ends in .parquet or .csv")
