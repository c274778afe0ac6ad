"""Vendors' tables that are known by their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from processor.core.events import BUY, SELL, UNKNOWN
from processor.errors import DatasetError
from processor.formats import open_dataset
from processor.formats.mapped.vendors import VENDORS
from tests.formats import known_samples
from tests.formats.known_samples import START_MS
from tests.formats.mapped_files import books_of, instruments_of, refusal, said
from tests.formats.reading import read, trades_of
from tests.formats.samples import lines, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.formats.reading import Read

START_NS: Final = START_MS * 10**6
Trade = tuple[int, str, str, int]
METATRADER: Final = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>"


def trades(found: Read) -> list[Trade]:
    """Nanoseconds after the begin, price, size, aggressor."""
    return [
        (
            each.time_ns - START_NS,
            format(each.price.normalize(), "f"),
            format(each.size.normalize(), "f"),
            each.aggressor,
        )
        for each in trades_of(found.trades)
    ]


def book_times(found: Read) -> list[int]:
    assert found.book is not None
    return sorted({time_ns - START_NS for time_ns in found.book.time_ns.tolist()})


@pytest.mark.parametrize("writer", known_samples.WRITERS, ids=lambda writer: writer.__name__)
def test_every_sample_is_known_by_this_format(tmp_path: Path, writer: Callable[[Path], Path]) -> None:
    assert open_dataset(writer(tmp_path)).format == "known-tables"


def test_there_is_a_sample_of_every_vendor() -> None:
    assert len(known_samples.WRITERS) >= len(VENDORS)


def test_binance_depth_begins_with_its_snapshot_and_its_numbers_are_followed(tmp_path: Path) -> None:
    found = read(known_samples.binance_depth(tmp_path))
    assert found.report.counts["before_snapshot"] == 1
    assert found.report.counts["gaps"] == 0
    assert book_times(found) == [500 * 10**6, 600 * 10**6, 700 * 10**6]
    assert books_of(found) == [
        ({"100": "2", "99.5": "3"}, {"101": "1"}),
        ({"99.5": "3"}, {"101": "1", "100.5": "4"}),
        ({"99.5": "3"}, {"101": "5", "100.5": "4"}),
    ]


def test_an_update_of_binance_depth_that_is_missing_is_a_gap(tmp_path: Path) -> None:
    known_samples.binance_depth(tmp_path)
    path = tmp_path / "ABCUSDT_T_DEPTH_2025-08-01_depth_update.csv"
    rows = path.read_text().splitlines()
    write(path, lines(*rows[:2], rows[4]))
    gaps = [each for each in read(tmp_path).report.incidents if each.kind == "gaps"]
    assert [(each.line, each.detail) for each in gaps] == [(3, "update 14 follows 12, the last was 10")]


def test_binance_depth_without_a_header_is_known_by_its_words(tmp_path: Path) -> None:
    found = read(known_samples.binance_depth_headless(tmp_path))
    assert books_of(found) == [({"100": "7"}, {"101": "1"})]


def test_bitmex_has_a_letter_between_date_and_time_and_all_symbols_in_a_file(tmp_path: Path) -> None:
    known_samples.bitmex_trades(tmp_path)
    assert list(instruments_of(tmp_path)) == ["ETHUSD", "XBTUSD"]
    assert trades(read(tmp_path, "XBTUSD")) == [(123_456_000, "42000.5", "100", SELL), (10**9 + 1, "42001", "300", BUY)]


def test_the_quotes_of_bitmex_are_a_book_of_one_level(tmp_path: Path) -> None:
    found = read(known_samples.bitmex_quotes(tmp_path))
    assert books_of(found) == [({"42000": "100"}, {"42000.5": "300"}), ({}, {"42000.5": "300"})]


def test_dukascopy_has_the_day_first_and_an_offset(tmp_path: Path) -> None:
    found = read(known_samples.dukascopy(tmp_path))
    assert list(instruments_of(tmp_path)) == ["XAUUSD"]
    assert book_times(found) == [605 * 10**6, 10**9]
    assert books_of(found)[1] == ({"1580.8": "2.5"}, {"1581.2": "1"})


def test_dukascopy_in_eastern_european_time_has_its_summer_time(tmp_path: Path) -> None:
    found = read(known_samples.dukascopy_eet(tmp_path))
    assert book_times(found) == [605 * 10**6]
    assert any("Eastern European" in detail for detail in said(found))


def test_dukascopy_node_is_known_with_and_without_volumes(tmp_path: Path) -> None:
    found = read(known_samples.dukascopy_node(tmp_path / "a"))
    assert list(instruments_of(tmp_path / "a")) == ["XAUUSD"]
    assert found.report.counts["unknown_sizes"] == 1
    header = "timestamp,askPrice,bidPrice,askVolume,bidVolume"
    write(tmp_path / "b/eurusd-tick.csv", lines(header, f"{START_MS},2.5,2.25,1.5,3"))
    assert books_of(read(tmp_path / "b")) == [({"2.25": "3"}, {"2.5": "1.5"})]


def test_metatrader_writes_what_changed_alone_and_flags_who_took(tmp_path: Path) -> None:
    found = read(known_samples.metatrader(tmp_path))
    assert list(instruments_of(tmp_path)) == ["EURUSD"]
    bids = ["1.0917", "1.0918", "1.0918"]
    asks = ["1.0921", "1.0921", "1.0922"]
    assert books_of(found) == [({bid: "1"}, {ask: "1"}) for bid, ask in zip(bids, asks, strict=True)]
    assert trades(found) == [(2_212_000_000, "1.092", "3", BUY), (3_212_000_000, "1.0918", "2", SELL)]
    assert found.report.counts["unknown_sizes"] == 3
    assert found.report.counts["not_trades"] == 1
    assert said(found) == ["times are those of the broker's server, read as UTC because no zone is given"]


TICKS: Final = (
    "2025.08.01\t00:00:01.000\t1.10\t1.20\t\t\t6", "2025.08.01\t00:00:02.000\t1.11\t\t\t\t2",
    "2025.08.01\t00:00:03.000\t\t1.21\t\t\t4", "2025.08.01\t00:00:04.000\t1.12\t\t\t\t2",
    "2025.08.01\t00:00:05.000\t\t1.22\t\t\t4", "2025.08.01\t00:00:06.000\t1.13\t\t\t\t2",
)  # fmt: skip
CARRIED: Final = [
    ({bid: "1"}, {ask: "1"})
    for bid, ask in (
        ("1.1", "1.2"), ("1.11", "1.2"), ("1.11", "1.21"), ("1.12", "1.21"), ("1.12", "1.22"), ("1.13", "1.22"),
    )
]  # fmt: skip
"""The book after each of these."""


def ticks(folder: Path, *files: Sequence[str]) -> Path:
    for number, rows in enumerate(files):
        write(folder / f"EURUSD_2025080100{number:02d}.csv", lines(METATRADER, *rows))
    return folder


@pytest.mark.parametrize(
    "files",
    [
        (TICKS[:3], TICKS[3:]),
        (TICKS[:2] + TICKS[4:], TICKS[2:4]),
        (TICKS[:4], TICKS[2:]),
        (TICKS[:1], TICKS[1:2], TICKS[2:]),
        ((*TICKS[:2], TICKS[3], TICKS[2], *TICKS[4:]),),
    ],
    ids=["follow", "cut out", "overlap", "three", "out of order"],
)
def test_what_a_tick_of_metatrader_leaves_out_is_what_was_before_it_in_time(
    tmp_path: Path, files: Sequence[Sequence[str]]
) -> None:
    assert books_of(read(ticks(tmp_path, *files))) == CARRIED


def test_a_mapping_of_metatraders_ticks_keeps_what_is_empty_too(tmp_path: Path) -> None:
    row = 'files = "*.csv"\ninstrument = "X"\ntime = ["<DATE>", "<TIME>"]\nformat = "%Y.%m.%d %H:%M:%S.%f"\n'
    trades_too = f'[trades]\n{row}zone = "+01:00"\nprice = "<LAST>"\nsize = "<VOLUME>"\n'
    told = f'[book]\n{row}zone = "+01:00"\nlevels = [["<BID>", "<ASK>"]]\n'
    for number, mapping in enumerate((told, trades_too + told)):
        folder = ticks(tmp_path / f"{number}", TICKS[:3], TICKS[3:])
        write(folder / "mapping.toml", mapping)
        found = read(folder)
        assert books_of(found) == CARRIED
        assert "an empty <BID> or <ASK> means unchanged, as in MetaTrader's ticks" in said(found)


def test_ticks_of_metatrader_in_turn_in_two_files_are_refused_with_both_names(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"EURUSD_202508010000\.csv and EURUSD_202508010001\.csv both .* one file"):
        read(ticks(tmp_path, TICKS[::2], TICKS[1::2]))


def test_a_first_tick_of_metatrader_without_an_ask_is_told(tmp_path: Path) -> None:
    found = read(ticks(tmp_path, TICKS[1:]))
    assert books_of(found)[0] == ({"1.11": "1"}, {})
    assert said(found)[0] == (
        "the first quote has no <ASK>: it is that of the file before, or else unknown until it changes"
    )


def test_a_quote_of_metatrader_stays_whatever_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known_samples.metatrader(tmp_path)
    whole = books_of(read(tmp_path))
    monkeypatch.setattr("processor.formats.disk.files._PLAIN_READ_BYTES", 30)
    assert books_of(read(tmp_path)) == whole


def test_histdata_is_five_hours_behind_utc_all_year(tmp_path: Path) -> None:
    found = read(known_samples.histdata(tmp_path))
    assert list(instruments_of(tmp_path)) == ["EURUSD"]
    assert book_times(found) == [123 * 10**6, 10**9]
    assert books_of(found)[0] == ({"1.1415": "1"}, {"1.14165": "1"})
    assert found.report.counts["unknown_sizes"] == 2
    assert said(found) == ["the clock is Eastern Standard Time all year, 5 hours behind UTC"]


def test_truefx_names_its_pairs(tmp_path: Path) -> None:
    found = read(known_samples.truefx(tmp_path))
    assert list(instruments_of(tmp_path)) == ["EUR/USD"]
    assert book_times(found) == [212 * 10**6, 10**9]


@pytest.mark.parametrize("writer", [known_samples.freqtrade_json, known_samples.freqtrade_feather])
def test_freqtrade_has_the_pair_in_the_name(tmp_path: Path, writer: Callable[[Path], Path]) -> None:
    found = read(writer(tmp_path))
    assert list(instruments_of(tmp_path)) == ["XRP/ETH"]
    assert [each[0] for each in trades(found)] == [at * 10**6 for at in range(4)]
    assert [each[3] for each in trades(found)] == [SELL, BUY] * 2
    assert trades(found)[0][1:3] == ("0.00141342", "23")


@pytest.mark.parametrize(
    ("name", "instrument"),
    [
        ("BTC_USDT_USDT", "BTC/USDT:USDT"), ("ETH_USDT_USDT", "ETH/USDT:USDT"), ("kPEPE_USDC_USDC", "kPEPE/USDC:USDC"),
        ("BTC_USDT_USDT-240628", "BTC/USDT:USDT-240628"), ("binance_XRP_ETH", "XRP/ETH"),
        ("okx-futures-XRP_ETH_ETH", "XRP/ETH:ETH"),
    ],
)  # fmt: skip
def test_a_future_of_freqtrade_has_what_it_is_settled_in_in_its_name(
    tmp_path: Path, name: str, instrument: str
) -> None:
    known_samples.freqtrade_feather(tmp_path)
    (tmp_path / "XRP_ETH-trades.feather").rename(tmp_path / f"{name}-trades.feather")
    assert open_dataset(tmp_path).instruments == (instrument,)


def test_the_same_trades_of_freqtrade_in_two_kinds_of_files_are_taken_once(tmp_path: Path) -> None:
    known_samples.freqtrade_json(tmp_path)
    found = read(known_samples.freqtrade_feather(tmp_path))
    assert len(trades(found)) == 4
    assert found.report.counts["duplicates"] == 4


def test_kraken_has_seconds_the_pair_in_the_name_and_no_sides(tmp_path: Path) -> None:
    known_samples.kraken(tmp_path)
    write(tmp_path / "ETHUSD.csv", lines("1754006400,3000.1,0.5"))
    assert list(instruments_of(tmp_path)) == ["ETHUSD", "XBTUSD"]
    found = read(tmp_path, "XBTUSD")
    assert trades(found) == [(0, "60000.1", "0.5", UNKNOWN), (10**9, "60001", "0.25", UNKNOWN)]
    assert found.report.counts["unknown_sides"] == 2


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("a.csv", "1754006400,60000.1,0.5"),
        ("XBTUSD.csv", "1754006400000,60000.1,0.5"),
        ("XBTUSD.csv", "60000.1,0.5,1754006400"),
        ("XBTUSD.csv", "1754006400,60000,1"),
        ("XBTUSD.csv", "1754006400,60000.1,0.5,b"),
        ("XBTUSD.csv", "3754006400,60000.1,0.5"),
    ],
)
def test_three_numbers_are_no_time_and_sales_of_kraken_unless_all_fits(tmp_path: Path, name: str, row: str) -> None:
    write(tmp_path / name, lines(row, row))
    assert "put a file mapping.toml like this beside it" in refusal(tmp_path)


def test_cryptofeed_tells_exchanges_apart_and_has_two_clocks(tmp_path: Path) -> None:
    known_samples.cryptofeed_trades(tmp_path)
    assert list(instruments_of(tmp_path)) == ["COINBASE:BTC-USD", "KRAKEN:BTC-USD"]
    found = trades(read(tmp_path, "COINBASE:BTC-USD"))
    assert found == [(123_456_000, "100.5", "0.1", BUY), (2 * 10**9, "100.75", "0.3", SELL)]
    assert [each[0] for each in trades(read(tmp_path, "KRAKEN:BTC-USD", clock="local"))] == [1_100_000_000]


def test_books_of_cryptofeed_are_maps_and_those_of_cryptostore_rows(tmp_path: Path) -> None:
    found = read(known_samples.cryptofeed_book(tmp_path / "a"))
    assert books_of(found) == [({"100.5": "1.5", "100": "2"}, {"101": "3"}), ({}, {"101": "4"})]
    found = read(known_samples.cryptostore_book(tmp_path / "b"))
    assert list(instruments_of(tmp_path / "b")) == ["BTC-USD"]
    assert books_of(found) == [({"100.5": "1"}, {"101": "2"}), ({}, {"101": "2"}), ({"100.25": "3"}, {"101": "2"})]


def test_carbonbot_has_snapshots_and_updates_of_lists_and_their_numbers(tmp_path: Path) -> None:
    found = read(known_samples.carbonbot(tmp_path / "a"))
    assert books_of(found) == [
        ({"100": "4"}, {"100.1": "1", "100.2": "2"}),
        ({"100": "4", "99.9": "5"}, {"100.2": "2"}),
    ]
    assert found.report.counts["gaps"] == 0
    rows = (tmp_path / "a/BTC_USDT.tsv").read_text().replace("8\t7", "9\t8")
    write(tmp_path / "b/BTC_USDT.tsv", rows)
    assert read(tmp_path / "b").report.counts["gaps"] == 1


def test_a_mapping_goes_before_what_a_table_looks_like(tmp_path: Path) -> None:
    known_samples.kraken(tmp_path)
    keys = '[trades]\nfiles = "*.csv"\ninstrument = "mine"\nheader = false\ntime = 1\nprice = 3\nsize = 2\n'
    write(tmp_path / "mapping.toml", keys)
    assert open_dataset(tmp_path).format == "mapping"
    assert trades(read(tmp_path))[0][1:3] == ("0.5", "60000.1")
