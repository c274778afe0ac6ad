"""SQLite databases: the shared sample, and generated ones."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN
from processor.errors import DatasetError, UnknownFormat
from processor.formats import open_dataset, sqlite_tables
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import DAY_US, write
from tests.reference import aggregate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SCHEMA: Final = """
CREATE TABLE book(id integer primary key, instrument text, bids text, asks text, timestamp text);
CREATE TABLE trades(id integer primary key, instrument text, trade_id text, price real, size real, side text,
 timestamp text);
"""
ISO: Final = "2024-08-08T00:00:00.{:03d}Z"


def database(
    path: Path, trades: Sequence[tuple[Any, ...]] = (), book: Sequence[tuple[Any, ...]] = (), schema: str = SCHEMA
) -> Path:
    """Trades are (instrument, price, size, side, time), book rows (instrument, bids, asks, time)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript(schema)
        made.executemany("INSERT INTO trades(instrument, price, size, side, timestamp) VALUES (?,?,?,?,?)", trades)
        made.executemany("INSERT INTO book(instrument, bids, asks, timestamp) VALUES (?,?,?,?)", book)
    return path


TRADES: Final = [("X", 100.1, 0.00001, "buy", ISO.format(1)), ("X", 100.0, 9e-7, "SELL", ISO.format(2)),
                 ("X", 100.0, 2, None, ISO.format(3))]  # fmt: skip


def test_the_sample_is_read_whole_and_its_trades_are_those_of_the_other_recordings(shared_data: Path) -> None:
    found = read(shared_data / "sqlite")
    elsewhere = {
        (row.time_ns, row.price, row.size, row.aggressor)
        for row in trades_of(read(shared_data / "tardis", "binance:BTCUSDT").trades)
    }
    trades = trades_of(found.trades)
    assert len(trades) == 2571
    assert {tuple(row) for row in trades} <= elsewhere
    assert found.book is not None
    assert (found.book.side == CLEAR).sum() == 1197
    assert not found.report.incidents
    assert found.consumed_bytes == found.size_bytes


def test_the_last_snapshot_of_the_sample_is_the_final_book(shared_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(gzip.decompress((shared_data / "sqlite/BTC-USDT-2024-08-08.db.gz").read_bytes()))
    with closing(sqlite3.connect(path)) as plain:
        bids, asks = plain.execute("SELECT bids, asks FROM book ORDER BY rowid DESC LIMIT 1").fetchone()
    final = aggregate([], book_of(read(path).book), interval_ns=10**9, obi_levels=0)
    for levels, wanted in ((final.bids, json.loads(bids)), (final.asks, json.loads(asks))):
        assert [(float(price), float(size)) for price, size in levels] == [(float(p), float(s)) for p, s in wanted]


def test_trades_have_the_digits_that_were_meant(tmp_path: Path) -> None:
    database(tmp_path / "a.db", TRADES)
    dataset = open_dataset(tmp_path)
    assert (dataset.format, dataset.instruments) == ("sqlite", ("X",))
    trades = read(tmp_path).trades
    assert trades is not None
    assert trades.price_ticks.tolist() == [1001, 1000, 1000]
    assert (trades.size_lots.tolist(), trades.size_decimals) == ([100, 9, 20_000_000], 7)
    assert trades.aggressor.tolist() == [BUY, SELL, UNKNOWN]
    assert trades.time_ns.tolist() == [(DAY_US + at * 1000) * 1000 for at in (1, 2, 3)]


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        ('[["9.5", "1"], ["9", "2.5"]]', '[["10","1e-5"]]'),
        ("[[9.5, 1], [9, 2.5]]", "[[10, 0.00001]]"),
        ('[{"price": "9.5", "size": "1"}, {"price": 9, "size": 2.5}]', '[{"price": 10, "size": 1e-05}]'),
        ('[{"p": 9.5, "s": 1}, {"p": 9.0, "s": 2.50}]', '[{"p": "10", "s": "0.00001"}]'),
    ],
)
def test_each_row_is_the_whole_book_however_its_levels_are_written(tmp_path: Path, bids: str, asks: str) -> None:
    database(tmp_path / "a.db", book=[("X", bids, asks, ISO.format(1)), ("X", "[]", "[]", ISO.format(2))])
    book = read(tmp_path).book
    assert book is not None
    assert book.side.tolist() == [CLEAR, BID, BID, ASK, CLEAR]
    assert book.price_ticks.tolist() == [0, 95, 90, 100, 0]
    assert book.size_lots.tolist() == [0, 100_000, 250_000, 1, 0]


@pytest.mark.parametrize(
    "time",
    [
        ISO.format(0), "2024-08-08 00:00:00", "2024-08-08T00:00:00+00:00", str(DAY_US // 10**6), DAY_US // 10**3,
        str(DAY_US), DAY_US * 1000, f"{DAY_US // 10**6}.0", DAY_US / 10**6,
    ],
)  # fmt: skip
def test_times_are_iso_text_or_numbers_of_a_unit_seen_in_their_size(tmp_path: Path, time: Any) -> None:
    schema = SCHEMA.replace(" timestamp text", " timestamp")
    database(tmp_path / "a.db", [("X", 1.0, 1.0, "buy", time)], schema=schema)
    trades = read(tmp_path).trades
    assert trades is not None
    assert trades.time_ns.tolist() == [DAY_US * 1000]


def test_packed_databases_and_those_in_archives_hold_the_same(tmp_path: Path) -> None:
    plain = database(tmp_path / "plain/a.db", TRADES)
    wanted = trades_of(read(plain).trades)
    assert trades_of(read(write(tmp_path / "gz/a.db.gz", plain.read_bytes())).trades) == wanted
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(plain, "a.db")
    assert trades_of(read(archive).trades) == wanted


def test_the_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", TRADES)
    path.chmod(0o444)
    before = path.read_bytes()
    read(tmp_path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]


def test_instruments_of_both_tables_and_several_files_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_tables, "_ROWS_AT_ONCE", 2)
    database(tmp_path / "z.db", TRADES, [("Y", "[[1,1]]", "[]", ISO.format(1))])
    database(tmp_path / "a.db", [("X", 5.0, 1.0, "buy", ISO.format(9))])
    assert open_dataset(tmp_path).instruments == ("X", "Y")
    found = read(tmp_path, "X")
    assert found.trades is not None
    assert len(found.trades) == 4
    assert found.book is None
    assert not found.report.counts["out_of_order"]
    assert read(tmp_path, "Y").trades is None


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("trades", ("X", "1 0", 1.0, "buy", ISO.format(5)), "price '1 0' is not a number"),
        ("trades", ("X", 1.0, -1.0, "buy", ISO.format(5)), "size '-1.0' is negative"),
        ("trades", ("X", 1.0, None, "buy", ISO.format(5)), "size is missing"),
        ("trades", ("X", 1.0, 1.0, "bought", ISO.format(5)), "side 'bought' is not one of sell, unknown, buy"),
        ("trades", ("X", 1.0, 1.0, "buy", "yesterday"), "timestamp 'yesterday' is not a time"),
        ("trades", ("X", 1.0, 1.0, "buy", "2025-08-08"), "timestamp '2025-08-08' is not a time"),
        ("trades", ("X", 1.0, 1.0, "buy", "1.7e9"), "time 2023-11-14T22:13:20+00:00 is far from the rows around it"),
        ("book", ("X", "[[1,1]", "[]", ISO.format(5)), "bids is not a JSON list of levels [price, size]"),
        ("book", ("X", "[]", '[{"price": 1}]', ISO.format(5)), "asks is not a JSON list of levels [price, size]"),
        ("book", ("X", "[]", None, ISO.format(5)), "asks is not a JSON list of levels [price, size]"),
        ("book", ("X", '[["x", 1]]', "[[1,1]]", ISO.format(5)), "bids: a price or size is not a number"),
        ("book", ("X", "[[1,1]]", "[[1,-1]]", ISO.format(5)), "asks: a price or size is negative"),
    ],
)
def test_a_malformed_row_is_skipped_whole_and_located_by_its_id(
    tmp_path: Path, table: str, row: tuple[Any, ...], reason: str
) -> None:
    good = TRADES[0] if table == "trades" else ("X", "[[1,1]]", "[[2,1]]", ISO.format(1))
    rows: list[tuple[Any, ...]] = [good] * 150
    rows[49] = row
    in_trades = table == "trades"
    found = read(database(tmp_path / "a.db", rows if in_trades else (), () if in_trades else rows))
    (incident,) = found.report.incidents
    assert (incident.kind, incident.file, incident.line, incident.detail) == (
        "malformed", f"a.db/{table}", 50, reason,
    )  # fmt: skip
    events = found.trades if in_trades else found.book
    assert events is not None
    assert len(events) == (149 if in_trades else 149 * 3)


def test_other_databases_are_not_of_the_format_and_damaged_ones_are_refused_by_name(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as made, made:
        made.execute("CREATE TABLE trades(x)")
    with pytest.raises(UnknownFormat):
        open_dataset(tmp_path)
    whole = database(tmp_path / "bad/a.db", [TRADES[0]] * 5000).read_bytes()
    write(tmp_path / "bad/a.db", whole[:5000])
    with pytest.raises(DatasetError, match=r"a\.db: the database cannot be read"):
        read(tmp_path / "bad")


def with_ids(path: Path, rows: Sequence[tuple[Any, ...]]) -> Path:
    """Trades are (instrument, id, price, size, side, time)."""
    database(path)
    with closing(sqlite3.connect(path)) as made, made:
        made.executemany(
            "INSERT INTO trades(instrument, trade_id, price, size, side, timestamp) VALUES (?,?,?,?,?,?)", rows
        )
    return path


def test_trades_of_two_databases_are_known_by_their_ids_whenever_each_wrote_them(tmp_path: Path) -> None:
    rows = [("X", f"t{at}", 100.0 + at % 3, 1.0, "buy", ISO.format(at)) for at in range(300)]
    later = [(*row[:-1], ISO.format(at + 2 * (110 < at < 190))) for at, row in enumerate(rows)]
    with_ids(tmp_path / "a.db", [row for row in rows[:200] if row[1] != "t120"])
    with_ids(tmp_path / "b.db", later[100:])
    found = read(tmp_path)
    assert len(trades_of(found.trades)) == 300
    assert found.report.counts["duplicates"] == 99


def test_ids_that_most_trades_share_are_none(tmp_path: Path) -> None:
    rows = [("X", "7", 100.0, 1.0, "buy", ISO.format(at)) for at in range(300)]
    with_ids(tmp_path / "a.db", rows[:200])
    with_ids(tmp_path / "b.db", rows[200:])
    assert len(trades_of(read(tmp_path).trades)) == 300


def test_a_view_is_no_table_even_one_without_end(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "endless.db")) as made:
        made.execute(
            "CREATE VIEW trades AS WITH RECURSIVE row(instrument, timestamp, side, price, size) AS "
            "(SELECT 'X', 1723161255000, 'buy', 1, 1 UNION ALL SELECT instrument, timestamp + 1, side, price, size "
            "FROM row) SELECT * FROM row"
        )
        made.commit()
    with pytest.raises(UnknownFormat):
        open_dataset(tmp_path)
