"""Whole files as programs and people spoil them a little: they play, and what was done is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from processor.core.events import BUY
from processor.formats import open_dataset
from processor.formats.lines.headers import sound_names
from tests.formats import samples, test_mapping
from tests.formats import websocket_samples as websocket
from tests.formats.archive_samples import BYBIT, OKX, bybit_row
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import lines, write
from tests.formats.test_hftbacktest import BUYS, DEPTH, SNAPSHOT, new, npz
from tests.formats.test_sqlite_tables import ISO, database

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal
    from pathlib import Path

    from processor.core.report import Report

NOISE = 0.1 + 0.2
MANY = 300


def rounded(report: Report) -> list[tuple[str, int | None, str]]:
    return [(each.file, each.line, each.detail) for each in report.incidents if each.kind == "rounded"]


def sizes(found: list[Decimal]) -> set[str]:
    return {str(size.normalize()) for size in found}


@pytest.mark.parametrize(
    "damage",
    [
        "bina\x00\x00\x00",
        "binan\x1b[2Jce",
        "bin\udcffance",
        "binance\u200b",
        "\ufeffbinance",
        "bin\xadance",
        "\u202ebinance",
    ],
)
def test_a_row_whose_symbol_is_damaged_is_malformed_and_makes_no_instrument(tmp_path: Path, damage: str) -> None:
    rows = [samples.tardis_trade(at, "buy", "100", "1") for at in range(MANY)]
    rows[14] = rows[14].replace("binance", damage)
    content = lines(samples.TARDIS_TRADES, *rows).encode("utf-8", "surrogateescape")
    path = write(tmp_path / "trades.csv", content)
    assert open_dataset(path).instruments == ("binance:BTCUSDT",)
    found = read(path)
    assert len(trades_of(found.trades)) == MANY - 1
    (incident,) = found.report.incidents
    assert (incident.kind, incident.line) == ("malformed", 16)
    assert incident.detail.isprintable()
    assert incident.detail.endswith("is damaged")


@pytest.mark.parametrize("empty", ["", " ", '""'])
def test_a_row_without_a_symbol_is_malformed_and_not_lost(tmp_path: Path, empty: str) -> None:
    rows = [samples.tardis_trade(at, "buy", "100", "1") for at in range(MANY)]
    rows[14] = rows[14].replace("BTCUSDT", empty)
    found = read(write(tmp_path / "trades.csv", lines(samples.TARDIS_TRADES, *rows)))
    assert len(trades_of(found.trades)) == MANY - 1
    (incident,) = found.report.incidents
    assert (incident.kind, incident.line, incident.detail) == ("malformed", 16, "symbol is missing")


def _tardis(names: list[str]) -> str:
    return lines(samples.TARDIS_TRADES, *(samples.tardis_trade(1, "buy", "1", "1", symbol=name) for name in names))


def _databento(names: list[str]) -> str:
    levels = ("1,2,3,4", "1,2,3,4")
    return lines(
        samples.DATABENTO_HEADER, *(samples.databento_row(5, "A", "B", "1", "2", levels, name) for name in names)
    )


def _bybit(names: list[str]) -> str:
    rows = (bybit_row("1723075200.5", "Buy", "1", "2", name) for name in names)
    return lines(BYBIT, *rows)


def _okx(names: list[str]) -> str:
    return lines(OKX, *(f"{name},{at},buy,1,1,1723075200000" for at, name in enumerate(names)))


@pytest.mark.parametrize("written", [_tardis, _databento, _bybit, _okx])
def test_no_format_of_tables_names_an_instrument_that_is_damaged_or_empty(
    tmp_path: Path, written: Callable[[list[str]], str]
) -> None:
    path = write(tmp_path / "a.csv", written(["B", "A\x00A", "", "A\x7f", "\x85", "A\ufffd", "A\u2060", " B"]))
    assert [name.rpartition(":")[2] for name in open_dataset(path).instruments] == ["B"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_mapping_names_no_instrument_that_is_damaged_or_empty(tmp_path: Path, packed: bool) -> None:  # noqa: FBT001
    write(tmp_path / "mapping.toml", test_mapping.TRADES.replace('instrument = "BTC-USD"', 'instrument_column = "s"'))
    rows = {"when": [1_723_075_200_000] * 3, "px": [1] * 3, "qty": [2] * 3, "taker": ["buy"] * 3}
    frame = pl.DataFrame(rows | {"s": ["B", "A\x00", ""]})
    (frame.write_parquet if packed else frame.write_csv)(tmp_path / "trades.csv")
    assert open_dataset(tmp_path).instruments == ("B",)


def test_a_database_names_no_instrument_that_is_damaged_and_reports_its_rows(tmp_path: Path) -> None:
    good = [("X", 1.0, 1.0, "buy", ISO.format(at)) for at in range(MANY)]
    path = database(tmp_path / "a.db", [*good, ("A\x01", 1.0, 1.0, "buy", ISO.format(7))])
    assert open_dataset(path).instruments == ("X",)
    found = read(path)
    (incident,) = found.report.incidents
    assert (incident.kind, incident.line, incident.detail) == ("malformed", 301, r"instrument 'A\x01' is damaged")
    assert found.report.files["a.db/trades"].rows == MANY + 1


def test_a_database_reports_the_rows_that_name_no_instrument(tmp_path: Path) -> None:
    good = [("X", 1.0, 1.0, "buy", ISO.format(at)) for at in range(MANY)]
    nameless = [(name, 1.0, 1.0, "buy", ISO.format(7)) for name in (None, "")]
    found = read(database(tmp_path / "a.db", [*good, *nameless]))
    told = [(each.kind, each.line, each.detail) for each in found.report.incidents]
    assert told == [("malformed", line, "instrument is missing") for line in (301, 302)]


def test_names_are_told_apart_from_damage_by_what_no_name_holds() -> None:
    names: list[str | bytes] = [
        "A B",
        b"\xc3\x84",
        "\u4ea4",
        " C\t",
        "",
        "  ",
        "A\n",
        b"\xff",
        "\x80",
        "\ufffd",
        "\u2028".encode(),
    ]
    assert sound_names(names) == {"A B", "\xc4", "\u4ea4", "C", "\u2028"}


def test_a_table_with_everything_that_programs_write_plays_as_the_plain_one(tmp_path: Path) -> None:
    header, *plain = samples.tardis_trades().splitlines()
    dirty = []
    for number, row in enumerate(plain):
        exchange, symbol, time, local, trade_id, side, price, amount = row.split(",")
        fields = [exchange, symbol, f"{time}.0", f" {local}", f'"{trade_id},0"']
        fields += [side.upper(), f"+{price}", f"{amount}e0"]
        dirty.append((", " if number % 2 else ",").join(fields))
    write(tmp_path / "plain/trades.csv", lines(header, *plain))
    write(tmp_path / "dirty/trades.csv", "\r\n".join([header, *dirty]))
    one, other = read(tmp_path / "plain"), read(tmp_path / "dirty")
    assert trades_of(other.trades) == trades_of(one.trades)
    assert other.report == one.report


def test_noise_in_a_table_is_taken_off_and_reported_with_its_line(tmp_path: Path) -> None:
    rows = [samples.tardis_trade(at, "buy", "25000.1", "1") for at in range(3)]
    rows[1] = rows[1].replace("25000.1", "25000.100000000002")
    found = read(write(tmp_path / "trades.csv", lines(samples.TARDIS_TRADES, *rows)))
    assert {str(trade.price) for trade in trades_of(found.trades)} == {"25000.1"}
    assert rounded(found.report) == [("trades.csv", 3, "price '25000.100000000002' is read as 25000.1")]


def test_noise_in_the_lines_of_a_recorder_is_taken_off_and_reported_with_its_line(tmp_path: Path) -> None:
    rows = [
        samples.binance_snapshot(0, 1, [["1.5", "2"]]).replace('"2"', repr(NOISE)),
        samples.binance_depth(1, 2, 2, [["1.4", str(NOISE)], ["1.3", str(NOISE)]]),
        samples.binance_trade(2, 1, "1.5", str(NOISE), maker=True),
    ]
    found = read(write(tmp_path / "a.txt", lines(*rows)))
    assert sizes([row.size for row in book_of(found.book)]) == {"0.3", "0"}
    assert sizes([row.size for row in trades_of(found.trades)]) == {"0.3"}
    assert sorted(rounded(found.report)) == [
        ("a.txt", 1, f"size '{NOISE}' is read as 0.3"),
        ("a.txt", 2, f"size '{NOISE}' is read as 0.3"),
        ("a.txt", 2, f"size '{NOISE}' is read as 0.3"),
        ("a.txt", 3, f"size '{NOISE}' is read as 0.3"),
    ]


def test_noise_and_exponents_in_a_websocket_are_read_and_its_checksums_are_of_what_was_sent(tmp_path: Path) -> None:
    bids, asks = [("1.5", str(NOISE)), ("1e0", "2.0")], [("1.75", "3E-1"), ("2", "1")]
    book = websocket.PlainBook()
    book.update(bids, asks)
    rows = [websocket.okx_book(0, "snapshot", bids, asks, checksum=websocket.okx_checksum(book), prevSeqId=-1, seqId=1)]
    book.update([("1e0", "0E-8")], [])
    rows.append(
        websocket.okx_book(
            1, "update", [("1e0", "0E-8")], [], checksum=websocket.okx_checksum(book), prevSeqId=1, seqId=2
        )
    )
    rows.append(websocket.okx_trade(2, 1, "buy", "1.75", str(NOISE)))
    found = read(write(tmp_path / "a.txt", lines(*rows)))
    assert found.report.counts == {"rounded": 2}
    assert [(each[1], each[2]) for each in rounded(found.report)] == [
        (1, f"size '{NOISE}' is read as 0.3"),
        (3, f"size '{NOISE}' is read as 0.3"),
    ]
    levels = [(str(row.price.normalize()), str(row.size.normalize())) for row in book_of(found.book)[1:]]
    assert levels == [("1.5", "0.3"), ("1", "2"), ("1.75", "0.3"), ("2", "1"), ("1", "0")]


def test_noise_in_a_database_is_taken_off_and_reported_with_its_row(tmp_path: Path) -> None:
    path = database(
        tmp_path / "a.db",
        [("X", 1.5, 1.0, "buy", ISO.format(1)), ("X", NOISE, 1.0, "buy", ISO.format(2))],
        [("X", "[[1.5,1,7]]", f"[[2,{NOISE}]]", ISO.format(1))],
    )
    found = read(path)
    assert [str(trade.price) for trade in trades_of(found.trades)] == ["1.5", "0.3"]
    assert sizes([row.size for row in book_of(found.book)]) == {"0", "1", "0.3"}
    assert sorted(rounded(found.report)) == [
        ("a.db/book", 1, f"size '{NOISE}' is read as 0.3"),
        ("a.db/trades", 2, f"price '{NOISE}' is read as 0.3"),
    ]


def test_noise_in_an_array_is_taken_off_and_reported_with_its_row(tmp_path: Path) -> None:
    array = new([(SNAPSHOT | BUYS, 0, 100.1, 0.3), (DEPTH | BUYS, 1, 1.1 * 3, NOISE)])
    found = read(npz(tmp_path, array))
    assert [(str(row.price), str(row.size)) for row in book_of(found.book)] == [("100.1", "0.3"), ("3.3", "0.3")]
    assert [(line, detail) for _, line, detail in rounded(found.report)] == [
        (2, "px '3.3000000000000003' is read as 3.3"),
        (2, f"qty '{NOISE}' is read as 0.3"),
    ]


def test_noise_in_parquet_is_taken_off_and_reported_with_its_row(tmp_path: Path) -> None:
    write(tmp_path / "mapping.toml", test_mapping.TRADES)
    times = [test_mapping.START_MS + at for at in range(3)]
    frame = pl.DataFrame({"when": times, "px": [0.5, NOISE, 1.0 - 0.9], "qty": [1.0] * 3, "taker": ["buy"] * 3})
    frame.write_parquet(tmp_path / "trades.parquet")
    found = read(tmp_path)
    assert [(str(trade.price), trade.aggressor) for trade in trades_of(found.trades)] == [
        ("0.5", BUY),
        ("0.3", BUY),
        ("0.1", BUY),
    ]
    assert [(line, detail) for _, line, detail in rounded(found.report)] == [
        (2, f"px '{NOISE}' is read as 0.3"),
        (3, "px '0.09999999999999998' is read as 0.1"),
    ]
