"""Readers and reference together give what an independent program made of the same recordings."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from dataclasses import astuple
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from processor.aggregate.table import aggregate as aggregated
from processor.aggregate.table import table
from processor.formats import open_dataset
from processor.settings import Settings
from processor.sources.files import FileSource
from tests import passed
from tests.formats.reading import book_of, read, trades_of
from tests.reference import Bar, Book, aggregate_samples, samples_of

if TYPE_CHECKING:
    import polars as pl

    from tests.formats.reading import Read
    from tests.reference import BookEvent, Reference, Samples, Trade

pytestmark = pytest.mark.slow

SECOND_NS = 10**9
HERE: Final = Path(__file__)


class Events:
    """What a recording holds, and by numbers of levels what is sampled of its book, each made when it is asked for."""

    def __init__(self, found: Read) -> None:
        self._found = found
        self._samples: dict[int, Samples] = {}

    @cached_property
    def trades(self) -> list[Trade]:
        return trades_of(self._found.trades)

    @cached_property
    def book(self) -> list[BookEvent]:
        return book_of(self._found.book)

    @cached_property
    def content(self) -> bytes:
        """All of it, as a digest."""
        columns = [astuple(part) for part in (self._found.trades, self._found.book) if part is not None]
        return b"".join(hashlib.sha256(np.asarray(column).tobytes()).digest() for part in columns for column in part)

    def samples(self, levels: int) -> Samples:
        if levels not in self._samples:
            self._samples[levels] = samples_of(self.book, levels)
        return self._samples[levels]


@pytest.fixture(scope="session")
def recorded(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Reads a dataset of the shared data by its folder (and instrument), once."""
    known: dict[tuple[str, str | None], Events] = {}

    def events(folder: str, instrument: str | None = None) -> Events:
        key = (folder, instrument)
        if key not in known:
            known[key] = Events(read(shared_data / folder, instrument))
        return known[key]

    return events


def expected(shared_data: Path, name: str) -> dict[str, Any]:
    with gzip.open(shared_data / f"expected/{name}.json.gz") as file:
        found: dict[str, Any] = json.load(file, parse_float=Decimal)
    return found


def agrees(found: Reference, wanted: dict[str, Any]) -> None:
    bars = [(row.start_ns, row.bar) for row in found.intervals if row.bar]
    assert sum(bar.trades for _, bar in bars) == wanted["trades"]
    assert found.samples == wanted["book_samples"]
    assert sum(bar.volume for _, bar in bars) == wanted["volume"]
    assert found.intervals[-1].cvd.close == wanted["cvd"]
    assert [
        [start_ns // 10**6, bar.open, bar.high, bar.low, bar.close, bar.volume] for start_ns, bar in bars
    ] == wanted["ohlc"]
    cvd_and_time = [
        [row.start_ns // 10**6, row.cvd.open, row.cvd.high, row.cvd.low, row.cvd.close] for row in found.intervals
    ]
    assert cvd_and_time == [[row[0], *row[5:]] for row in wanted["metrics"]]
    obi = [value for row in found.intervals for value in (row.obi.open, row.obi.high, row.obi.low, row.obi.close)]
    assert obi == pytest.approx([float(value) for row in wanted["metrics"] for value in row[1:5]], rel=0, abs=1e-12)
    assert [list(level) for level in found.bids[:50]] == wanted["depth"]["bids"]
    assert [list(level) for level in found.asks[:50]] == wanted["depth"]["asks"]


@pytest.mark.parametrize(
    ("folder", "instrument", "name", "seconds", "obi_levels"),
    [
        ("lobster", "AMZN", "lobster-amzn_60s_obi5", 60, 5),
        ("binance-raw/nexousdt", "NEXOUSDT", "binance-nexousdt_60s_obi10", 60, 10),
        ("binance-raw/btcusdt", "BTCUSDT", "binance-btcusdt_1s_obi10", 1, 10),
        ("binance-raw/btcusdt", "BTCUSDT", "binance-btcusdt_60s_obi10", 60, 10),
        ("binance-raw/btcusdt", "BTCUSDT", "binance-btcusdt_60s_obi0", 60, 0),
        ("tardis", "binance:BTCUSDT", "binance-btcusdt_60s_obi10", 60, 10),
        ("databento/aapl_xnas_20241021_mbp-10.csv", "AAPL", "databento-aapl_60s_obi10", 60, 10),
    ],
)
def test_a_recording_gives_the_expected_history_and_final_book(
    shared_data: Path, recorded: Any, folder: str, instrument: str, name: str, seconds: int, obi_levels: int
) -> None:
    events = recorded(folder, instrument)
    passed.once(
        lambda: agrees(
            aggregate_samples(events.trades, events.samples(obi_levels), seconds * SECOND_NS),
            expected(shared_data, name),
        ),
        *(HERE, events.content, shared_data / f"expected/{name}.json.gz", f"{seconds} {obi_levels}"),
    )


def test_tardis_and_the_raw_recording_of_the_same_minutes_are_the_same_market(recorded: Any) -> None:
    raw, rewritten = recorded("binance-raw/btcusdt", "BTCUSDT"), recorded("tardis", "binance:BTCUSDT")

    def compare() -> None:
        assert raw.trades == rewritten.trades
        raw_book, rewritten_book = (
            aggregate_samples([], events.samples(10), SECOND_NS // 10) for events in (raw, rewritten)
        )
        assert raw_book == rewritten_book

    passed.once(compare, HERE, raw.content, rewritten.content)


@pytest.mark.parametrize(("symbol", "least"), [("nexousdt", 5000), ("btcusdt", 500)])
def test_the_rebuilt_book_has_the_best_prices_the_exchange_itself_sent(
    shared_data: Path, recorded: Any, symbol: str, least: int
) -> None:
    """Binance's bookTicker lines carry the id of the update they follow, as the depth updates do."""
    files = sorted((shared_data / "binance-raw" / symbol).iterdir())
    events = recorded(f"binance-raw/{symbol}", symbol.upper())
    passed.once(lambda: has_best_prices(events, files, least), HERE, events.content, *files, str(least))


def has_best_prices(events: Events, files: list[Path], least: int) -> None:
    tickers: dict[int, list[Decimal]] = {}
    update_at: dict[int, int] = {}
    for file in files:
        with gzip.open(file, "rt") as lines:
            for line in lines:
                message = json.loads(line.partition(" ")[2]).get("data", {})
                if message.get("e") == "depthUpdate":
                    update_at[message["E"] * 10**6] = message["u"]
                elif "B" in message:
                    tickers[message["u"]] = [Decimal(message[key]) for key in ("b", "B", "a", "A")]
    book = Book()
    agreed = matched = 0
    for event, following in zip(events.book, [*events.book[1:], None], strict=True):
        book.apply(event)
        sent = tickers.get(update_at[event.time_ns])
        if sent is None or (following is not None and following.time_ns == event.time_ns):
            continue
        bid, ask = book.best_bid(), book.best_ask()
        assert bid is not None
        assert ask is not None
        matched += 1
        agreed += [bid, book.bid.sizes[bid], ask, book.ask.sizes[ask]] == sent
    assert matched >= least
    assert agreed / matched >= 0.999


def test_the_trades_of_amzn_make_the_bars_that_somebody_else_made(shared_data: Path, recorded: Any) -> None:
    """Four-second bars labelled by their end in seconds after 09:30 New York, prices in 1/10,000 dollar."""
    events, file = recorded("lobster", "AMZN"), shared_data / "expected/third-party_amzn_4s_time_bar.csv"
    passed.once(lambda: are_the_trades_of(events, file), HERE, events.content, file)


def are_the_trades_of(events: Events, path: Path) -> None:
    opening_ns = 1_340_285_400 * SECOND_NS
    found = aggregate_samples(events.trades, samples_of([], 1), 4 * SECOND_NS)
    bars = {
        (row.start_ns - opening_ns) // SECOND_NS + 4: [
            *(int(price * 10_000) for price in (row.bar.high, row.bar.low, row.bar.open, row.bar.close)),
            int(row.bar.volume),
        ]
        for row in found.intervals
        if row.bar
    }
    with path.open() as file:
        theirs = {int(row["sec"]): [int(row[key]) for key in "HLOCV"] for row in csv.DictReader(file)}
    assert bars == theirs


def test_the_book_of_amzn_closes_each_minute_where_somebody_else_found_it(shared_data: Path, recorded: Any) -> None:
    events, file = recorded("lobster", "AMZN"), shared_data / "expected/third-party_amzn_60sec_agg.csv"
    passed.once(lambda: closes_each_minute(events, file), HERE, events.content, file)


def closes_each_minute(events: Events, path: Path) -> None:
    found = aggregate_samples(events.trades, events.samples(5), 60 * SECOND_NS)
    ours = [(row.best_bid, row.best_ask) for row in found.intervals]
    with path.open() as file:
        theirs = [
            tuple(Decimal(row[key]) / 10_000 for key in ("Bid_Price_Close", "Ask_Price_Close"))
            for row in csv.DictReader(file)
        ]
    assert ours == theirs


@pytest.mark.parametrize(
    ("folder", "instrument", "interval"),
    [
        ("binance-raw/nexousdt", "NEXOUSDT", "20t"),
        ("binance-raw/btcusdt", "BTCUSDT", "0.75v"),
        ("binance-raw/btcusdt", "BTCUSDT", "100000q"),
        ("lobster", "AMZN", "1000000q"),
    ],
)
def test_bars_by_activity_of_a_recording_are_those_of_the_slow_reference(
    shared_data: Path, recorded: Any, folder: str, instrument: str, interval: str
) -> None:
    events = recorded(folder, instrument)
    settings = Settings(interval=interval, instrument=instrument)
    engine = aggregated(FileSource(open_dataset(shared_data / folder), instrument, "exchange"), settings)
    rows = table(engine, settings)
    passed.once(
        lambda: are_bars_of(rows, events, interval), HERE, events.content, repr(rows.to_dict(as_series=False)), interval
    )


def are_bars_of(rows: pl.DataFrame, events: Events, interval: str) -> None:
    activity = interval[-1], Decimal(interval[:-1])
    wanted = aggregate_samples(events.trades, events.samples(10), activity=activity).intervals
    assert rows["timestamp_ms"].to_list() == [row.start_ns // 10**6 for row in wanted]
    assert len(rows) > 50
    bars = [row.bar or Bar(None, None, None, None) for row in wanted]  # type: ignore[arg-type]
    for name in ("open", "high", "low", "close", "trades", "volume", "buy_volume", "sell_volume", "unknown_volume"):
        assert rows[name].to_list() == [_float(getattr(bar, name)) for bar in bars], name
    for name in ("open", "high", "low", "close"):
        assert rows[f"cvd_{name}"].to_list() == [float(getattr(row.cvd, name)) for row in wanted]
        assert rows[f"obi_{name}"].to_list() == pytest.approx(
            [getattr(row.obi, name) for row in wanted], rel=0, abs=1e-12
        )
    assert rows["best_bid"].to_list() == [_float(row.best_bid) for row in wanted]
    assert rows["best_ask"].to_list() == [_float(row.best_ask) for row in wanted]


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
