"""Whole-book imbalance in bars as Polars and DuckDB can say it, each over a file of the form it reads fastest.

Both take the size that a level had before (the last one at the same side and price since the book was last cleared),
add up what changes between the two, and look at the sums after the last row of each time. `docs/benchmarks.md` says
what else was tried.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from bench import dataset
from bench.figures import progress
from processor.core.events import ASK, BID, CLEAR
from processor.units import NS_PER_MS, NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INTERVAL_NS: Final = 60 * NS_PER_SECOND
COLUMNS: Final = ("timestamp_ms", "obi_open", "obi_high", "obi_low", "obi_close")

_PRICES: Final = 1 << 21
"""Room for prices in a level's key, which must fit in 32 bits with the side and the number of clears."""
_BATCH_ROWS: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Query:
    """A formulation: `prepared` makes its file beside a dataset once, `run` goes from there to the bars (COLUMNS)."""

    name: str
    prepared: Callable[[Path], Path]
    run: Callable[[Path], pl.DataFrame]


def queries() -> list[Query]:
    """The best formulation of each tool that is installed."""
    found = [Query("Polars, streaming engine, from Arrow IPC", as_ipc, polars_bars)]
    if importlib.util.find_spec("duckdb"):
        found.append(Query("DuckDB, from its own file", as_duckdb, duckdb_bars))
    return found


def as_ipc(folder: Path) -> Path:
    """The book as an uncompressed Arrow file: no narrower column holds it, and a level is one number."""
    path = folder / ".book.arrow"
    if not path.exists():
        progress(f"writing the same book events as {path} (once)")
        making = path.with_name(".making.arrow")
        _keyed(folder).write_ipc(making, record_batch_size=_BATCH_ROWS)
        making.rename(path)
    return path


def _keyed(folder: Path) -> pl.DataFrame:
    side, epoch = pl.col("side").cast(pl.Int32), (pl.col("side") == CLEAR).cum_sum().cast(pl.Int32)
    rows = dataset.book_frame(folder).with_columns(epoch=epoch.cast(pl.Int16), key=(epoch * 4 + side) * _PRICES)
    highest = rows.select(pl.col("price_ticks").max(), pl.col("epoch").max()).row(0)
    if highest[0] >= _PRICES or 4 * (highest[1] + 1) * _PRICES >= 2**31:
        msg = f"prices up to {highest[0]} ticks and {highest[1]} clears do not fit the yardsticks' key"
        raise OverflowError(msg)
    return rows.select(
        "time_ns",
        "side",
        "epoch",
        key=pl.col("key") + pl.col("price_ticks").cast(pl.Int32),
        size_lots=pl.col("size_lots").cast(pl.Int32),
    )


def polars_bars(path: Path) -> pl.DataFrame:
    """The bars by one window function, two running sums and a grouping."""
    size, side, time_ns = pl.col("size_lots"), pl.col("side"), pl.col("time_ns")
    changes = (
        pl.scan_ipc(path)
        .select("time_ns", "side", change=size - size.shift(1, fill_value=0).over("key"))
        .collect(engine="streaming")
    )
    last_of_its_time = (time_ns != time_ns.shift(-1)).fill_null(value=True)
    sums = {
        name: pl.when(side == which).then("change").otherwise(0).cast(pl.Int64).cum_sum()
        for name, which in (("bid", BID), ("ask", ASK))
    }
    # A clear takes away what had come to each side until then.
    cleared = {name: pl.col(name) - pl.when(side == CLEAR).then(name).forward_fill() for name in sums}
    bid, ask = pl.col("bid"), pl.col("ask")
    bars = (
        changes.lazy()
        .select("time_ns", "side", **sums)
        .filter(last_of_its_time | (side == CLEAR))
        .with_columns(**cleared)
        .filter(last_of_its_time)
        .select(
            bucket=(time_ns // INTERVAL_NS).set_sorted(),
            obi=pl.when(bid + ask == 0).then(0.0).otherwise((bid - ask) / (bid + ask)),
        )
        .group_by("bucket", maintain_order=True)
        .agg(
            first=pl.col("obi").first(),
            high=pl.col("obi").max(),
            low=pl.col("obi").min(),
            obi_close=pl.col("obi").last(),
        )
        .with_columns(obi_open=pl.coalesce(pl.col("obi_close").shift(1), "first"))
        .select(
            timestamp_ms=pl.col("bucket") * (INTERVAL_NS // NS_PER_MS),
            obi_open="obi_open",
            obi_high=pl.max_horizontal("high", "obi_open"),
            obi_low=pl.min_horizontal("low", "obi_open"),
            obi_close="obi_close",
        )
    )
    return bars.collect(engine="streaming").sort("timestamp_ms")


def as_duckdb(folder: Path) -> Path:
    """The same table in DuckDB's own file, its rows numbered: nothing else gives them an order."""
    import duckdb  # noqa: PLC0415 - only where it is installed

    path = folder / ".book.duckdb"
    if not path.exists():
        arrow = folder / ".book-for-duckdb.parquet"
        making = path.with_name(".making.duckdb")
        making.unlink(missing_ok=True)
        progress(f"writing the same book events as {path} (once)")
        _keyed(folder).with_row_index("row").write_parquet(arrow, compression="uncompressed")
        with duckdb.connect(str(making)) as connection:
            connection.execute("CREATE TABLE book AS SELECT * FROM read_parquet(?) ORDER BY row", [str(arrow)])
        arrow.unlink()
        making.rename(path)
    return path


_DUCKDB: Final = f"""
WITH changes AS (
  SELECT time_ns, epoch, side, size_lots - lag(size_lots, 1, 0) OVER (PARTITION BY key ORDER BY row) AS change FROM book
), times AS (
  SELECT time_ns, max(epoch) AS epoch,
    sum(CASE WHEN side = {BID} THEN change ELSE 0 END)::BIGINT AS bid,
    sum(CASE WHEN side = {ASK} THEN change ELSE 0 END)::BIGINT AS ask
  FROM changes GROUP BY time_ns
), totals AS (
  SELECT time_ns, sum(bid) OVER earlier AS bid, sum(ask) OVER earlier AS ask
  FROM times WINDOW earlier AS (PARTITION BY epoch ORDER BY time_ns)
), samples AS (
  SELECT time_ns, CASE WHEN bid + ask = 0 THEN 0.0 ELSE (bid - ask)::DOUBLE / (bid + ask)::DOUBLE END AS obi FROM totals
), bars AS (
  SELECT time_ns // {INTERVAL_NS} AS bucket, arg_min(obi, time_ns) AS opening, max(obi) AS high, min(obi) AS low,
    arg_max(obi, time_ns) AS obi_close
  FROM samples GROUP BY bucket
), opened AS (
  SELECT *, coalesce(lag(obi_close) OVER (ORDER BY bucket), opening) AS obi_open FROM bars
)
SELECT bucket * {INTERVAL_NS // NS_PER_MS} AS timestamp_ms, obi_open, greatest(high, obi_open) AS obi_high,
  least(low, obi_open) AS obi_low, obi_close
FROM opened ORDER BY bucket
"""  # noqa: S608 - our own constants


def duckdb_bars(path: Path) -> pl.DataFrame:
    """The bars by window functions, with as many threads as there are processors."""
    import duckdb  # noqa: PLC0415 - only where it is installed

    with duckdb.connect(str(path), read_only=True) as connection:
        columns = connection.execute(_DUCKDB).fetchnumpy()
    return pl.DataFrame({name: columns[name] for name in COLUMNS})
