"""A day of the demo's market as Tardis ships a perpetual's: one csv.gz of book updates, one of trades."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from bench import dataset
from bench.figures import progress
from processor.core.events import BID, BUY, CLEAR
from processor.demo.generate import PRICE_DECIMALS, SIZE_DECIMALS, START_NS
from processor.units import NS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

PACE: Final = 31_000_000 / 24
"""Events an hour: 27 million book updates a day, and 4 million trades."""

_NAMES: Final = {
    "book": "binance-futures_incremental_book_L2_2026-01-05_BTCUSDT.csv.gz",
    "trades": "binance-futures_trades_2026-01-05_BTCUSDT.csv.gz",
}
_COLUMNS: Final = {
    "book": "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount",
    "trades": "exchange,symbol,timestamp,local_timestamp,id,side,price,amount",
}
_EARLIER_NS: Final = START_NS % NS_PER_DAY
"""The day begins at midnight."""
_DEARER_TICKS: Final = 600_000
"""With as many digits as a bitcoin's price has."""
_FIRST_ID: Final = 5_370_000_000
_NS_PER_US: Final = 1000
_BATCH_ROWS: Final = 1 << 18


def market(cache: Path, events: int) -> Path:
    """The market that the files tell, in the project's own layout."""
    return dataset.prepared(cache, events, hours=events / PACE)


def written(cache: Path, events: int) -> Path:
    """The folder of the two files, `gzip -6`; written if it is not in `cache`. Memory does not grow with `events`."""
    source = market(cache, events)
    folder = cache / f"tardis-{events}-{dataset.version(Path(__file__))}"
    if not folder.is_dir():
        for outdated in cache.glob(f"tardis-{events}-*"):
            shutil.rmtree(outdated)
        progress(f"writing the {events:,} events as csv.gz into {folder} (once)")
        making = cache / f".tardis-{events}"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        for kind, name in _NAMES.items():
            _write(making / name, _COLUMNS[kind], _rows(source, kind))
        making.rename(folder)
    return folder


def _write(path: Path, header: str, frames: Iterator[pl.DataFrame]) -> None:
    with (
        path.open("wb") as packed,
        subprocess.Popen(
            ["gzip", "-6", "-n", "-c"],  # noqa: S607 - wherever the machine has it
            stdin=subprocess.PIPE,
            stdout=packed,
        ) as gzip,
    ):
        if gzip.stdin is None:
            raise AssertionError
        gzip.stdin.write(f"{header}\n".encode())
        for frame in frames:
            gzip.stdin.write(frame.write_csv(include_header=False).encode())
        gzip.stdin.close()
        if gzip.wait():
            msg = f"gzip ended with {gzip.returncode}"
            raise RuntimeError(msg)


def _rows(source: Path, kind: str) -> Iterator[pl.DataFrame]:
    """The columns of a file as text, piece by piece."""
    snapshot_ns, rows_before = -1, 0
    scanned = pl.scan_parquet(dataset.files(source, kind))
    for rows in scanned.collect_batches(chunk_size=_BATCH_ROWS, maintain_order=True):
        if kind == "book":
            cleared = rows.filter(pl.col("side") == CLEAR)
            snapshot_ns = cleared["local_time_ns"][-1] if cleared.height else snapshot_ns
            # What is received with a clear is the snapshot that replaces the book.
            fifth = (pl.col("local_time_ns") == snapshot_ns).replace_strict({True: "true", False: "false"})
            side = pl.when(pl.col("side") == BID).then(pl.lit("bid")).otherwise(pl.lit("ask"))
            wanted = pl.col("side") != CLEAR
        else:
            fifth = pl.int_range(pl.len()) + (_FIRST_ID + rows_before)
            side = pl.when(pl.col("aggressor") == BUY).then(pl.lit("buy")).otherwise(pl.lit("sell"))
            wanted = pl.lit(value=True)
        rows_before += rows.height
        yield (
            rows.select(
                pl.lit("binance-futures").alias("exchange"),
                pl.lit("BTCUSDT").alias("symbol"),
                ((pl.col("time_ns") - _EARLIER_NS) // _NS_PER_US).alias("timestamp"),
                ((pl.col("local_time_ns") - _EARLIER_NS) // _NS_PER_US).alias("local_timestamp"),
                fifth.alias("fifth"),
                side.alias("word"),
                _shortest(pl.col("price_ticks") + _DEARER_TICKS, PRICE_DECIMALS).alias("price"),
                _shortest(pl.col("size_lots"), SIZE_DECIMALS).alias("amount"),
                wanted.alias("wanted"),
            )
            .filter("wanted")
            .drop("wanted")
        )


def _shortest(number: pl.Expr, decimals: int) -> pl.Expr:
    """`number` / 10**decimals in as few digits as say it, from integers alone."""
    whole, rest = number // 10**decimals, number % 10**decimals
    text = pl.format("{}.{}", whole, rest.cast(pl.String).str.zfill(decimals))
    return text.str.strip_chars_end("0").str.strip_suffix(".")
