"""What is measured on: the demo's market at a busy perpetual's pace, in every competitor's own form, made once."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from bench.figures import progress
from processor import demo
from processor.cli.conversion import convert
from processor.core.events import CLEAR, SELL
from processor.formats import open_dataset, own
from processor.sources.conversion import new_manifest
from processor.store import manifest as manifests

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVENTS_AN_HOUR: Final = 20_000_000 / 24
"""The pace of every dataset here, so that a smaller one is a shorter piece of the same market."""
SEED: Final = 1

# hftbacktest's file format, as its documentation gives it.
HFT_EVENT: Final = np.dtype(
    [
        ("ev", "u8"),
        ("exch_ts", "i8"),
        ("local_ts", "i8"),
        ("px", "f8"),
        ("qty", "f8"),
        ("order_id", "u8"),
        ("ival", "i8"),
        ("fval", "f8"),
    ],
    align=True,
)
_EXCHANGE: Final = 1 << 31
_LOCAL: Final = 1 << 30
_BUY: Final = 1 << 29
_SELL: Final = 1 << 28
_DEPTH: Final = 1
_TRADE: Final = 2
_CLEAR: Final = 3


def prepared(cache: Path, events: int, *, hours: float | None = None) -> Path:
    """The demo's market with about `events` events, in the project's own layout; generated if it is not in `cache`.

    It lasts `hours`, or as long as so many events take at EVENTS_AN_HOUR.
    """
    lasting = events / EVENTS_AN_HOUR if hours is None else hours
    name = f"demo-{events}-in-{lasting:.4g}-hours"
    folder = cache / f"{name}-{version()}"
    if not (folder / demo.INSTRUMENT).is_dir():
        for outdated in cache.glob(f"{name}-*"):
            shutil.rmtree(outdated)
        progress(f"generating {events:,} events into {folder} (once)")
        demo.generate(folder, hours=lasting, seed=SEED, events=events)
    return folder


def stored(folder: Path) -> Path:
    """The same dataset as `processor convert` writes it, beside it; made if need be."""
    out = folder.with_name(f"{folder.name}-store")
    opened = open_dataset(folder)
    (instrument,) = opened.instruments
    made = manifests.load(out / instrument) if (out / instrument).is_dir() else None
    if made is None or made.key != new_manifest(opened, instrument, "exchange").key:
        shutil.rmtree(out, ignore_errors=True)
        progress(f"converting {folder} into {out} (once)")
        convert(opened, instrument, "exchange", out)
    return out / instrument


def version(*more: Path) -> str:
    """Of everything that makes the datasets, and of `more` files: another one means other bytes."""
    sources = [*sorted(Path(demo.__file__).parent.glob("*.py")), Path(own.__file__), *more]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]


def as_npz(dataset: Path) -> Path:
    """The same events in hftbacktest's own format, uncompressed (it reads that fastest), beside the dataset."""
    path = dataset / ".hftbacktest.npz"
    if not path.exists():
        progress(f"writing the same events as {path} (once)")
        making = path.with_name(".making.npz")
        np.savez(making, data=hft_events(dataset))
        making.rename(path)
    return path


def hft_events(dataset: Path) -> NDArray[Any]:
    """Every event as a HFT_EVENT, in the order of both clocks; floats, as that format has them."""
    trades, book = (_frame(dataset, kind) for kind in ("trades", "book"))
    # A trade comes before the change it makes to the book.
    times, local_times = (
        np.concatenate([frame[name].to_numpy() for frame in (trades, book)]) for name in ("time_ns", "local_time_ns")
    )
    place = np.empty(len(times), np.intp)
    place[np.lexsort((local_times, times))] = np.arange(len(times))
    events = np.zeros(len(times), HFT_EVENT)
    events["exch_ts"][place] = times
    events["local_ts"][place] = local_times
    aggressor, side = trades["aggressor"].to_numpy(), book["side"].to_numpy()
    kinds = np.concatenate(
        [
            np.where(aggressor == SELL, _TRADE | _SELL, _TRADE | _BUY),
            np.choose(side, [_DEPTH | _BUY, _DEPTH | _SELL, _CLEAR]),
        ]
    )
    events["ev"][place] = kinds | _EXCHANGE | _LOCAL
    scale = pl.read_parquet_metadata(files(dataset, "book")[0])
    for name, column, decimals in (("px", "price_ticks", "price_decimals"), ("qty", "size_lots", "size_decimals")):
        values = np.concatenate([frame[column].to_numpy() for frame in (trades, book)])
        events[name][place] = values / 10 ** int(scale[f"orderflow.{decimals}"])
    return events


def book_columns(dataset: Path, rows: int) -> tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.int64]]:
    """Side, price in ticks and size in lots of the first `rows` book events."""
    frame = _frame(dataset, "book", rows)
    return frame["side"].to_numpy(), frame["price_ticks"].to_numpy(), frame["size_lots"].to_numpy()


def book_extent(dataset: Path) -> tuple[int, int, int]:
    """Book events, and the lowest and the highest price among them, in ticks."""
    price = pl.col("price_ticks").filter(pl.col("side") != CLEAR)
    scanned = pl.scan_parquet(files(dataset, "book"))
    rows, lowest, highest = scanned.select(pl.len(), price.min(), price.max().alias("highest")).collect().row(0)
    return rows, lowest, highest


def book_frame(dataset: Path) -> pl.DataFrame:
    """All book events in their order: `time_ns`, `side`, `price_ticks` and `size_lots`."""
    return pl.read_parquet(files(dataset, "book"), columns=["time_ns", "side", "price_ticks", "size_lots"])


def _frame(dataset: Path, kind: str, rows: int | None = None) -> pl.DataFrame:
    scanned = pl.scan_parquet(files(dataset, kind))
    return (scanned if rows is None else scanned.head(rows)).collect()


def files(dataset: Path, kind: str) -> list[Path]:
    """The Parquet files of the "trades" or of the "book", in their order."""
    return sorted(dataset.rglob(f"{kind}*.parquet"))
