"""Generic CSV and Parquet, generated, beside the mapping file that explains them."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN
from processor.errors import DatasetError, UnknownFormat
from processor.formats import open_dataset
from processor.formats.disk import files
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import lines, write, zipped

if TYPE_CHECKING:
    from pathlib import Path

START_MS: Final = int(datetime(2024, 8, 8, tzinfo=UTC).timestamp()) * 1000

TRADES: Final = """
[trades]
files = "trades*"
instrument = "BTC-USD"
time = "when"
time_unit = "ms"
price = "px"
size = "qty"
side = "taker"
"""
BOOK: Final = """
[book]
files = "book*"
instrument = "BTC-USD"
time = "when"
time_unit = "ms"
price = "px"
size = "qty"
side = "side"
"""
LEVELS: Final = """
[book]
files = "book*"
instrument = "BTC-USD"
time = "when"
time_unit = "ms"
levels = [["b", "bs", "a", "as"], ["b2", "bs2", "a2", "as2"]]
"""
ROWS: Final = (
    f"{START_MS},100.5,0.25,buy,x",
    f"{START_MS + 1},100.25,1,sell,x",
    f"{START_MS + 2},100,3,sell,x",
)
HEADER: Final = "when,px,qty,taker,note"


def trades_file(folder: Path, mapping: str = TRADES, header: str = HEADER, *rows: str) -> Path:
    write(folder / "mapping.toml", mapping)
    write(folder / "trades.csv", lines(header, *(rows or ROWS)))
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(DatasetError) as refused:
        open_dataset(folder)
    return str(refused.value)


def test_trades_are_read_by_the_columns_that_the_mapping_names(tmp_path: Path) -> None:
    dataset = open_dataset(trades_file(tmp_path))
    assert (dataset.format, dataset.instruments) == ("mapping", ("BTC-USD",))
    trades = read(tmp_path).trades
    assert trades is not None
    assert trades.price_ticks.tolist() == [10050, 10025, 10000]
    assert trades.size_lots.tolist() == [25, 100, 300]
    assert trades.aggressor.tolist() == [BUY, SELL, SELL]
    assert trades.time_ns.tolist() == [(START_MS + at) * 10**6 for at in range(3)]


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("s", f"{START_MS // 1000}.001"),
        ("ms", f"{START_MS + 1}"),
        ("us", f"{START_MS + 1}000"),
        ("ns", f"{START_MS + 1}000000"),
        ("iso", "2024-08-08T00:00:00.001Z"),
    ],
)
def test_times_are_of_the_unit_the_mapping_says(tmp_path: Path, unit: str, shown: str) -> None:
    mapping = TRADES.replace('"ms"', f'"{unit}"')
    trades = read(trades_file(tmp_path, mapping, HEADER, f"{shown},1,1,buy,x")).trades
    assert trades is not None
    assert trades.time_ns.tolist() == [(START_MS + 1) * 10**6]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_and_quotes_give_the_same_trades(tmp_path: Path, delimiter: str) -> None:
    original = read(trades_file(tmp_path / "a"))
    rows = ['"' + row.replace(",", f'"{delimiter}"') + '"' for row in (HEADER, *ROWS)]
    said = TRADES + f'delimiter = "{delimiter}"\n'.replace("\t", "\\t")
    found = read(trades_file(tmp_path / "b", said, *rows))
    assert trades_of(found.trades) == trades_of(original.trades)


def test_a_comma_within_a_number_is_malformed_where_another_character_separates(tmp_path: Path) -> None:
    rows = [f"{START_MS + at};1,5;1;buy;x" if at == 3 else f"{START_MS + at};1.5;1;buy;x" for at in range(150)]
    said = TRADES + 'delimiter = ";"\n'
    report = read(trades_file(tmp_path, said, HEADER.replace(",", ";"), *rows)).report
    (incident,) = report.incidents
    assert (incident.kind, incident.file, incident.line) == ("malformed", "trades.csv", 5)
    assert incident.detail.startswith("px ")
    assert "\x1f" not in incident.detail


def test_a_file_without_a_header_has_columns_by_number(tmp_path: Path) -> None:
    said = TRADES.replace('"when"', "1").replace('"px"', "2").replace('"qty"', "3").replace('"taker"', "4")
    found = read(trades_file(tmp_path / "b", said + "header = false\n", *ROWS))
    assert trades_of(found.trades) == trades_of(read(trades_file(tmp_path / "a")).trades)


def test_words_for_the_sides_may_be_any_and_the_side_may_be_left_out(tmp_path: Path) -> None:
    said = TRADES + "buy = false\nsell = true\nunknown = 0\n"
    rows = [f"{START_MS},1,1,{word},x" for word in ("false", "true", "0")]
    found = read(trades_file(tmp_path / "a", said, HEADER, *rows))
    assert found.trades is not None
    assert found.trades.aggressor.tolist() == [BUY, SELL, UNKNOWN]
    found = read(trades_file(tmp_path / "b", TRADES.replace('side = "taker"', "")))
    assert found.report.counts["unknown_sides"] == 3


def test_instruments_may_stand_in_a_column_and_the_local_clock_in_another(tmp_path: Path) -> None:
    said = TRADES.replace('instrument = "BTC-USD"', 'instrument_column = "note"\nlocal_time = "heard"')
    rows = [f"{START_MS + at},{at},1,buy,{'ab'[at % 2]},{START_MS + at + 7}" for at in range(4)]
    trades_file(tmp_path, said, HEADER + ",heard", *rows)
    assert open_dataset(tmp_path).instruments == ("a", "b")
    trades = read(tmp_path, "b", clock="local").trades
    assert trades is not None
    assert trades.price_ticks.tolist() == [1, 3]
    assert trades.time_ns.tolist() == [(START_MS + at) * 10**6 for at in (8, 10)]


def test_book_updates_are_sizes_now_at_a_price_and_snapshots_replace_the_book(tmp_path: Path) -> None:
    rows = [
        (0, 9, 1, "ask", "false"), (1, 10, 1, "bid", "true"), (1, 11, 2, "ask", "true"), (2, 10, 0, "bid", "false"),
        (3, 12, 4, "ask", "true"),
    ]  # fmt: skip
    text = lines("when,px,qty,side,full", *(",".join(map(str, (START_MS + row[0], *row[1:]))) for row in rows))
    write(tmp_path / "a/book.csv", text)
    write(tmp_path / "a/mapping.toml", BOOK)
    book = read(tmp_path / "a").book
    assert book is not None
    assert book.side.tolist() == [ASK, BID, ASK, BID, ASK]
    write(tmp_path / "b/book.csv", text)
    write(tmp_path / "b/mapping.toml", BOOK + 'snapshot = "full"\n')
    found = read(tmp_path / "b")
    assert found.book is not None
    assert found.book.side.tolist() == [CLEAR, BID, ASK, BID, CLEAR, ASK]
    assert found.report.counts["before_snapshot"] == 1


def test_rows_of_levels_are_the_whole_book_and_trades_beside_them_are_read_too(tmp_path: Path) -> None:
    write(tmp_path / "mapping.toml", TRADES + LEVELS)
    write(tmp_path / "deep/trades.csv", lines(HEADER, *ROWS))
    write(tmp_path / "deep/book.csv", lines("when,b,bs,a,as,b2,bs2,a2,as2", f"{START_MS},9,1,10.5,2,8,1,,"))
    found = read(tmp_path)
    assert found.book is not None
    assert found.trades is not None
    assert found.book.side.tolist() == [CLEAR, BID, BID, ASK]
    assert found.book.price_ticks.tolist() == [0, 90, 80, 105]


def test_packed_files_and_members_of_archives_are_read(tmp_path: Path) -> None:
    original = trades_of(read(trades_file(tmp_path / "a")).trades)
    write(tmp_path / "b/mapping.toml", TRADES)
    write(tmp_path / "b/trades.csv.gz", lines(HEADER, *ROWS))
    assert trades_of(read(tmp_path / "b").trades) == original
    write(tmp_path / "c/mapping.toml", TRADES)
    zipped(tmp_path / "c/all.zip", {"x/trades.csv": lines(HEADER, *ROWS)})
    assert trades_of(read(tmp_path / "c").trades) == original
    assert gzip.decompress((tmp_path / "b/trades.csv.gz").read_bytes())


@pytest.mark.parametrize("read_bytes", [1, 5, 40])
def test_how_much_is_read_at_once_changes_no_trade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_bytes: int
) -> None:
    whole = read(trades_file(tmp_path))
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", read_bytes)
    pieces = read(tmp_path)
    assert trades_of(pieces.trades) == trades_of(whole.trades)
    assert pieces.consumed_bytes == pieces.size_bytes


@pytest.mark.parametrize(
    "price",
    [pl.Series([100.5, 0.0000001, 0.3]), pl.Series(["100.5", "0.0000001", "0.3"]),
     pl.Series([Decimal("100.5"), Decimal("0.0000001"), Decimal("0.3")])],
    ids=["float", "text", "decimal"],
)  # fmt: skip
@pytest.mark.parametrize("moment", ["int", "datetime"])
def test_parquet_holds_the_numbers_that_were_meant(tmp_path: Path, price: pl.Series, moment: str) -> None:
    times = pl.Series([START_MS, START_MS + 1, START_MS + 2])
    frame = pl.DataFrame(
        {
            "other": ["a,b", "c", 'd"'],
            "when": times if moment == "int" else times.cast(pl.Datetime("ms")).dt.replace_time_zone("UTC"),
            "px": price,
            "qty": [1, 2, 3],
            "taker": ["buy", "sell", "buy"],
        }
    )
    write(tmp_path / "mapping.toml", TRADES)
    frame.write_parquet(tmp_path / "trades.parquet")
    found = read(tmp_path)
    assert [str(row.price.normalize()) for row in trades_of(found.trades)] == ["100.5", "1E-7", "0.3"]
    assert [row.time_ns for row in trades_of(found.trades)] == [(START_MS + at) * 10**6 for at in range(3)]
    assert found.consumed_bytes == found.size_bytes


def test_instruments_of_parquet_are_found_in_their_column(tmp_path: Path) -> None:
    said = BOOK.replace('instrument = "BTC-USD"', 'instrument_column = "name"')
    write(tmp_path / "mapping.toml", said)
    pl.DataFrame(
        {"name": ["x", "y"], "when": [START_MS] * 2, "px": [1.5, 2.5], "qty": [1, 1], "side": ["bid", "ask"]}
    ).write_parquet(tmp_path / "book.parquet")
    assert open_dataset(tmp_path).instruments == ("x", "y")
    assert [int(event.price * 10) for event in book_of(read(tmp_path, "y").book)] == [25]


def test_damaged_parquet_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path / "mapping.toml", TRADES)
    write(tmp_path / "trades.parquet", b"PAR1 and then nothing")
    assert refusal(tmp_path).startswith("trades.parquet: cannot be read")


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("[trades", "mapping.toml cannot be read: "),
        ("[quotes]\na=1", "mapping.toml: unknown table 'quotes': expected [trades], [book] or [orders]"),
        (TRADES + "prize = 1", "mapping.toml: [trades] has an unknown key 'prize'; did you mean price?"),
        ('[trades]\nfiles = "*"', "mapping.toml: [trades]: Object missing required field `time`"),
        (TRADES.replace('"ms"', '"minutes"'), "time_unit is 'minutes'; expected s, ms, us, ns or iso"),
        (TRADES + 'delimiter = "::"', "delimiter is '::'; expected one character"),
        (TRADES.replace('instrument = "BTC-USD"', ""), "give one of instrument (a name), instrument_column"),
        (TRADES.replace('price = "px"', ""), "price and size are needed"),
        (BOOK.replace('side = "side"', "").replace("book*", "trades*"), "price, size and side are needed, or levels"),
        (LEVELS.replace("book*", "trades*") + 'price = "b"', "levels already names the prices and sizes; leave out"),
        (
            TRADES.replace('"px"', '"cost"'),
            "trades.csv has no column 'cost' (mapping.toml: price of [trades]); it has when, px, qty, taker, note",
        ),
        (TRADES + BOOK.replace("book*", "*.csv"), "trades.csv matches the patterns of both [trades] and [book]"),
    ],
)
def test_a_mapping_that_will_not_do_is_refused_with_what_would(tmp_path: Path, mapping: str, said: str) -> None:
    assert said in refusal(trades_file(tmp_path, mapping))


def test_without_a_mapping_a_table_is_refused_with_one_to_begin_with_that_then_reads_it(tmp_path: Path) -> None:
    write(tmp_path / "fills.csv", lines("Time;Symbol;Price;Quantity;Side", f"{START_MS};X;1.5;2;buy"))
    with pytest.raises(UnknownFormat) as refused:
        open_dataset(tmp_path)
    message = str(refused.value)
    assert "put a file mapping.toml like this beside it" in message
    write(tmp_path / "mapping.toml", message.partition("beside it:\n")[2])
    trades = read(tmp_path).trades
    assert trades is not None
    assert (trades.price_ticks.tolist(), trades.size_lots.tolist()) == ([15], [2])
