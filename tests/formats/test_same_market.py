"""The same market is published as the same bytes, whatever format it comes in.

A generated market in every format, and the recorded one: its rewriting by Tardis, that written again in the other
formats (the raw recording is compared in tests/processor/test_recorded.py), and the SQLite sample, which holds the
first two minutes of it, as top-50 snapshots after each update: enough for the same files, but for deeper levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from processor.core.decimals import decimal_floats
from processor.core.events import BID, BUY, CLEAR
from processor.formats import open_dataset
from processor.formats.own import DatasetWriter
from processor.formats.registry import formats
from processor.replay.context import StopSignal
from processor.replay.run import replay
from processor.settings import Settings
from shared import DATA_FILES
from shared.validate import faults
from tests.formats import one_market, test_hftbacktest
from tests.formats.reading import read
from tests.formats.samples import write
from tests.replay.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.core.events import BookEvents, Columns, Trades

    Writer = Callable[[Path, one_market.Market], Path]

INTERVAL = "10s"
MARKET = one_market.market()
WHOLE_SIZES = one_market.market(whole_sizes=True)


def published(dataset: Path, out: Path, **settings: Any) -> dict[str, bytes]:
    wanted: dict[str, Any] = {"interval": INTERVAL, "speed": None, "at_end": "exit"}
    assert replay(dataset, out, Settings(**wanted | settings), FakeClock(), StopSignal())
    assert faults(out) == []
    return {name: (out / name).read_bytes() for name in DATA_FILES}


def by_name(writer: Writer) -> str:
    return writer.__name__


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, bytes]]:
    """What the project's own layout of a market publishes, once for all tests."""
    known: dict[tuple[Any, ...], dict[str, bytes]] = {}

    def of(told: one_market.Market, writer: Writer = one_market.own, **settings: int) -> dict[str, bytes]:
        key = (told is MARKET, writer, *settings.items())
        if key not in known:
            folder = tmp_path_factory.mktemp("reference")
            known[key] = published(writer(folder / "data", told), folder / "out", **settings)
        return known[key]

    return of


@pytest.mark.parametrize("writer", [*one_market.WHOLE_BOOK[1:], *one_market.WHOLE_BOOK_REWRITTEN], ids=by_name)
def test_formats_that_hold_all_of_a_market_publish_the_same_files(
    tmp_path: Path, reference: Callable[..., dict[str, bytes]], writer: Writer
) -> None:
    assert published(writer(tmp_path / "data", MARKET), tmp_path / "out") == reference(MARKET)


@pytest.mark.parametrize("writer", one_market.WHOLE_BOOK_OF_WHOLE_SIZES[1:], ids=by_name)
def test_formats_of_whole_sizes_publish_the_same_files(
    tmp_path: Path, reference: Callable[..., dict[str, bytes]], writer: Writer
) -> None:
    assert published(writer(tmp_path / "data", WHOLE_SIZES), tmp_path / "out") == reference(WHOLE_SIZES)


@pytest.mark.parametrize("writer", one_market.BEST_LEVELS + one_market.BEST_LEVELS_OF_WHOLE_SIZES, ids=by_name)
def test_formats_of_one_level_publish_what_the_others_do_when_asked_for_one(
    tmp_path: Path, reference: Callable[..., dict[str, bytes]], writer: Writer
) -> None:
    told = MARKET if writer in one_market.BEST_LEVELS else WHOLE_SIZES
    one = {"obi_levels": 1, "depth_levels": 1}
    assert published(writer(tmp_path / "data", told), tmp_path / "out", **one) == reference(told, **one)


@pytest.mark.parametrize("writer", one_market.WHOLE_BOOK_WITHOUT_SIDES[1:], ids=by_name)
def test_formats_that_tell_no_sides_publish_what_unknown_sides_do(
    tmp_path: Path, reference: Callable[..., dict[str, bytes]], writer: Writer
) -> None:
    wanted = reference(WHOLE_SIZES, one_market.own_without_sides)
    assert published(writer(tmp_path / "data", WHOLE_SIZES), tmp_path / "out") == wanted


@pytest.mark.parametrize("writer", one_market.BEST_LEVELS_WITHOUT_SIDES, ids=by_name)
def test_formats_of_one_level_that_tell_no_sides_publish_what_unknown_sides_do(
    tmp_path: Path, reference: Callable[..., dict[str, bytes]], writer: Writer
) -> None:
    one = {"obi_levels": 1, "depth_levels": 1}
    wanted = reference(WHOLE_SIZES, one_market.own_without_sides, **one)
    assert published(writer(tmp_path / "data", WHOLE_SIZES), tmp_path / "out", **one) == wanted


@pytest.mark.parametrize(
    "writer", one_market.TRADES_ALONE[1:] + one_market.TRADES_ALONE_OF_WHOLE_SIZES[1:], ids=by_name
)
def test_formats_of_trades_alone_publish_the_same_files(
    tmp_path: Path, reference: Callable[..., dict[str, bytes]], writer: Writer
) -> None:
    told = MARKET if writer in one_market.TRADES_ALONE else WHOLE_SIZES
    wanted = reference(told, one_market.own_trades)
    assert published(writer(tmp_path / "data", told), tmp_path / "out") == wanted


def test_every_format_tells_the_market(tmp_path: Path) -> None:
    writers = (
        *one_market.WHOLE_BOOK, *one_market.WHOLE_BOOK_OF_WHOLE_SIZES, *one_market.WHOLE_BOOK_WITHOUT_SIDES,
        *one_market.BEST_LEVELS, *one_market.TRADES_ALONE, *one_market.WHOLE_BOOK_REWRITTEN,
    )  # fmt: skip
    told = {
        name
        for number, writer in enumerate(writers)
        for name in open_dataset(writer(tmp_path / f"{number}", WHOLE_SIZES)).format.split(" + ")
    }
    assert told == {known.name for known in formats()}


def digits(ticks: np.ndarray[Any, Any], decimals: int) -> pl.Series:
    """Numbers written out: 12 of two decimals is 0.12."""
    unit = 10**decimals
    whole, fraction = pl.Series(ticks // unit).cast(pl.String), pl.Series(ticks % unit).cast(pl.String)
    return whole + "." + fraction.str.zfill(decimals)


def table(columns: Columns, side: np.ndarray[Any, Any], words: dict[int, str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "time": columns.time_ns // 10**6,
            "price": digits(columns.price_ticks, columns.price_decimals),
            "size": digits(columns.size_lots, columns.size_decimals),
            "side": pl.Series(side).replace_strict(words, return_dtype=pl.String),
        }
    )


def mapped(folder: Path, trades: Trades, book: BookEvents, suffix: str) -> Path:
    """The rows of the book but its one CLEAR, which the snapshot's column stands for."""
    write(folder / "mapping.toml", one_market.MAPPING)
    levels = book.rows(slice(1, None))
    snapshot = pl.Series(np.where(levels.time_ns == book.time_ns[0], "yes", "no"))
    frames = {
        "fills": table(trades, trades.aggressor, {1: "buy", -1: "sell"}),
        "book": table(levels, levels.side, {0: "bid", 1: "ask"}).with_columns(whole=snapshot),
    }
    for name, frame in frames.items():
        if suffix == "csv":
            frame.write_csv(folder / f"{name}.csv")
        else:
            floats = pl.col("price", "size").cast(pl.Float64)
            frame.with_columns(floats, pl.from_epoch("time", time_unit="ms")).write_parquet(folder / f"{name}.parquet")
    return folder


def array(folder: Path, trades: Trades, book: BookEvents, generation: str) -> Path:
    buys = [columns == code for columns, code in ((book.side, BID), (trades.aggressor, BUY))]
    side = np.where(np.concatenate(buys), test_hftbacktest.BUYS, test_hftbacktest.SELLS)
    kind = np.repeat([test_hftbacktest.DEPTH, test_hftbacktest.TRADE], [len(book), len(trades)])
    clears = np.flatnonzero(book.side == CLEAR)
    kind[clears], side[clears] = test_hftbacktest.CLEARED, 0
    times = np.concatenate([book.time_ns, trades.time_ns])
    price, size = (
        np.concatenate([decimal_floats(getattr(part, name), getattr(part, scale)) for part in (book, trades)])
        for name, scale in (("price_ticks", "price_decimals"), ("size_lots", "size_decimals"))
    )
    price[clears] = np.nan
    if generation == "new":
        made = np.zeros(len(times), test_hftbacktest.EVENT)
        made["ev"], made["exch_ts"], made["local_ts"] = kind | side | test_hftbacktest.BOTH, times, times
        made["px"], made["qty"] = price, size
    else:
        signs = np.select([side == test_hftbacktest.BUYS, side == test_hftbacktest.SELLS], [1, -1])
        made = np.stack([kind, times // 1000, times // 1000, signs, price, size], axis=1).astype(np.float64)
    return test_hftbacktest.npz(folder, made[np.argsort(times, kind="stable")])


@pytest.fixture(scope="module")
def recorded(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Trades, BookEvents, dict[str, bytes]]:
    """The recorded market's trades and book events, and what they publish from Tardis's files."""
    found = read(shared_data / "tardis", "binance:BTCUSDT")
    assert found.trades is not None
    assert found.book is not None
    assert np.flatnonzero(found.book.side == CLEAR).tolist() == [0]
    out = tmp_path_factory.mktemp("recorded")
    return found.trades, found.book, published(shared_data / "tardis", out, instrument="binance:BTCUSDT")


@pytest.mark.parametrize("form", ["own", "csv", "parquet", "new", "old"])
def test_the_recorded_market_publishes_the_same_files_in_other_formats(
    tmp_path: Path, recorded: tuple[Trades, BookEvents, dict[str, bytes]], form: str
) -> None:
    trades, book, wanted = recorded
    if form == "own":
        with DatasetWriter(tmp_path / "data", "BTCUSDT", 8, 8) as writer:
            writer.write_trades(trades)
            writer.write_book(book)
        data = tmp_path / "data"
    elif form in {"csv", "parquet"}:
        data = mapped(tmp_path / "data", trades, book, form)
    else:
        data = array(tmp_path / "data", trades, book, form)
    assert published(data, tmp_path / "out") == wanted


@pytest.mark.parametrize("interval_s", [1, 10, 60])
def test_the_snapshots_and_trades_of_the_sqlite_sample_publish_what_the_recording_does_until_then(
    shared_data: Path, tmp_path: Path, interval_s: int
) -> None:
    last = read(shared_data / "sqlite").trades
    assert last is not None
    asked: dict[str, Any] = {"interval": f"{interval_s}s"}
    asked["until"] = int(last.time_ns[-1])
    ours, theirs = (
        published(shared_data / folder, tmp_path / folder, instrument=instrument, **asked)
        for folder, instrument in (("sqlite", "BTC-USDT"), ("tardis", "binance:BTCUSDT"))
    )
    assert ours == theirs
    assert len(ours["ohlc_data.json"]) > 100
