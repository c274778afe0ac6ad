"""Databento's binary files: the vendor's samples, and files generated record by record as documented."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import databento_dbn
import numpy as np
import pytest

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN
from processor.errors import DatasetError, UnknownFormat
from processor.formats import dbn, dbn_records, open_dataset
from processor.formats.disk import files
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import write
from tests.reference import aggregate

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.formats.reading import Read

vendor: Final[Any] = databento_dbn
"""Its stubs take the members of its enumerations for strings."""

DAY: Final = date(2024, 8, 8)
START_NS: Final = int(datetime(2024, 8, 8, 13, tzinfo=UTC).timestamp()) * 10**9
END_NS: Final = START_NS + 3600 * 10**9
UNDEFINED: Final = 2**63 - 1
SNAPSHOT: Final = 32
TOP: Final = 64
LAST: Final = 128

RECORDS: Final = {schema.name: schema.record for schema in dbn_records.SCHEMAS}
RTYPES: Final = {schema.name: schema.rtypes[0] for schema in dbn_records.SCHEMAS}


def preamble(schema: str | None, symbols: dict[str, int], end_ns: int | None = END_NS) -> bytes:
    metadata = vendor.Metadata(
        dataset="XNAS.ITCH",
        start=START_NS,
        end=end_ns,
        stype_in=vendor.SType.RAW_SYMBOL,
        stype_out=vendor.SType.INSTRUMENT_ID,
        schema=None if schema is None else vendor.Schema(schema),
        symbols=list(symbols),
        mappings=[mapping(symbol, (DAY, date(2024, 8, 9), number)) for symbol, number in symbols.items()],
        version=2,
    )
    return bytes(metadata)


def mapping(symbol: str, *intervals: tuple[date, date, int]) -> Any:
    return SimpleNamespace(
        raw_symbol=symbol,
        intervals=[
            SimpleNamespace(start_date=first, end_date=beyond, symbol=str(number))
            for first, beyond, number in intervals
        ],
    )


def record(
    schema: str,
    at_ns: int,
    action: str,
    side: str,
    price: float,
    size: int,
    *,
    order: int = 0,
    flags: int = LAST,
    instrument: int = 7,
    publisher: int = 2,
    event_ns: int | None = None,
    levels: Sequence[tuple[float, float, int, int]] = (),
) -> bytes:
    """A record received 1000 ns after its event; each level is (bid price, ask price, bid size, ask size)."""
    made = np.zeros(1, RECORDS[schema])
    made["length"] = made.itemsize // 4
    made["rtype"] = RTYPES[schema]
    made["publisher_id"], made["instrument_id"] = publisher, instrument
    made["ts_event"] = START_NS + at_ns if event_ns is None else event_ns
    made["ts_recv"] = START_NS + at_ns + 1000
    made["price"], made["size"] = fixed(price), size
    made["action"], made["side"], made["flags"] = ord(action), ord(side), flags
    if schema == "mbo":
        made["order_id"] = order
    for number, (bid, ask, bid_size, ask_size) in enumerate(levels):
        level = made["levels"][0][number]
        level["bid_px"], level["ask_px"] = fixed(bid), fixed(ask)
        level["bid_sz"], level["ask_sz"] = bid_size, ask_size
    return made.tobytes()


def fixed(price: float) -> int:
    return UNDEFINED if np.isnan(price) else round(price * 10**9)


def mbo(folder: Path, *rows: bytes, name: str = "a.mbo.dbn") -> Path:
    return write(folder / name, preamble("mbo", {"AAPL": 7}) + b"".join(rows))


def order(at_ns: int, action: str, side: str, number: int, price: float, size: int, **more: Any) -> bytes:
    return record("mbo", at_ns, action, side, price, size, order=number, **more)


def trade(at_ns: int, side: str, price: float, size: int, **more: Any) -> bytes:
    return record("trades", at_ns, "T", side, price, size, **more)


NAN: Final = float("nan")
CLEARED: Final = order(0, "R", "N", 0, NAN, 0)


def levels_of(found: Read) -> tuple[list[tuple[Any, Any]], list[tuple[Any, Any]]]:
    final = aggregate([], book_of(found.book), interval_ns=10**9, obi_levels=0)
    return final.bids, final.asks


def events_of(found: Read) -> list[tuple[int, int, int, int]]:
    book = found.book
    assert book is not None
    columns = (book.time_ns - START_NS, book.side, book.price_ticks, book.size_lots)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("schema", dbn_records.SCHEMAS, ids=lambda schema: schema.name)
def test_the_records_are_laid_out_as_the_vendors_package_has_them(schema: Any) -> None:
    theirs: Any = {"mbo": vendor.MBOMsg, "mbp-10": vendor.MBP10Msg, "trades": vendor.TradeMsg}.get(
        schema.name, vendor.MBP1Msg
    )
    assert schema.record.itemsize == theirs.size_hint == np.dtype(theirs._dtypes).itemsize
    for name in ("instrument_id", "ts_event", "price", "size", "flags", "action", "side", "ts_recv"):
        assert schema.record.fields[name][1] == np.dtype(theirs._dtypes).fields[name][1]


@pytest.mark.parametrize("schema", ["mbo", "mbp-1", "mbp-10", "trades"])
def test_the_vendors_samples_are_the_same_in_every_version_and_packing(shared_data: Path, schema: str) -> None:
    found = [read(shared_data / f"databento/tiny/test_data.{schema}.v{version}.dbn.zst") for version in (1, 2, 3)]
    assert [book_of(each.book) for each in found[1:]] == [book_of(found[0].book)] * 2
    assert [trades_of(each.trades) for each in found[1:]] == [trades_of(found[0].trades)] * 2
    assert all(sum(entry.rows for entry in each.report.files.values()) == 2 for each in found)


def test_a_sample_holds_what_the_vendors_decoder_says(shared_data: Path) -> None:
    path = shared_data / "databento/futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst"
    decoder = vendor.DBNDecoder(compression=vendor.Compression.ZSTD)
    decoder.write(path.read_bytes())
    theirs: list[Any] = decoder.decode()[1:]
    found = read(path)
    assert found.trades is not None
    assert found.book is not None
    assert found.trades.price_decimals == 2
    traded = [each for each in theirs if each.action == "T"]
    assert found.trades.price_ticks.tolist() == [each.price // 10**7 for each in traded]
    assert found.trades.size_lots.tolist() == [each.size for each in traded]
    assert found.trades.time_ns.tolist() == [each.ts_event for each in traded]
    assert found.trades.aggressor.tolist() == [{"B": BUY, "A": SELL, "N": UNKNOWN}[each.side] for each in traded]
    first = theirs[0].levels[0]
    assert found.book.price_ticks[:3].tolist() == [0, first.bid_px // 10**7, first.ask_px // 10**7]
    assert found.book.size_lots[:3].tolist() == [0, first.bid_sz, first.ask_sz]
    assert (found.book.side == CLEAR).sum() == len(theirs)
    assert open_dataset(path).instruments == ("ESU4",)


def test_the_vendors_own_one_minute_bars_equal_ours(shared_data: Path) -> None:
    folder = shared_data / "databento"
    decoder = vendor.DBNDecoder(compression=vendor.Compression.ZSTD)
    decoder.write((folder / "futures_ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10.dbn.zst").read_bytes())
    bars: list[Any] = [bar for bar in decoder.decode()[1:] if bar.instrument_id == 118]
    found = read(folder / "futures_trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst")
    ours = aggregate(trades_of(found.trades), [], interval_ns=60 * 10**9, obi_levels=10).intervals
    theirs = {
        bar.ts_event: tuple(price for price in (bar.open, bar.high, bar.low, bar.close, bar.volume * 10**9))
        for bar in bars
    }
    assert len(ours) == 4
    for row in ours:
        assert row.bar is not None
        prices = (row.bar.open, row.bar.high, row.bar.low, row.bar.close, row.bar.volume)
        assert tuple(int(value * 10**9) for value in prices) == theirs[row.start_ns]


def test_bars_and_other_schemas_are_refused_with_what_they_are(shared_data: Path) -> None:
    with pytest.raises(UnknownFormat, match="DBN of schema ohlcv-1m, which holds neither trades nor a book; mbo,"):
        open_dataset(shared_data / "databento/futures_ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10.dbn.zst")


def test_mbp_beside_trades_of_the_same_time_counts_no_trade_twice(shared_data: Path, tmp_path: Path) -> None:
    for path in (shared_data / "databento").glob("futures_[mt]*.dbn.zst"):
        write(tmp_path / path.name, path.read_bytes())
    both = read(tmp_path)
    alone = read(shared_data / "databento/futures_trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst")
    assert trades_of(both.trades) == trades_of(alone.trades)
    assert both.book is not None
    assert both.consumed_bytes == both.size_bytes


def test_generated_orders_become_levels(tmp_path: Path) -> None:
    found = read(
        mbo(
            tmp_path,
            CLEARED,
            order(1, "A", "B", 1, 100.5, 10),
            order(2, "A", "B", 2, 100.5, 5),
            order(3, "A", "A", 3, 101, 7),
            order(4, "T", "A", 0, 100.5, 4),
            order(5, "F", "B", 1, 100.5, 4),
            order(6, "C", "B", 1, 100.5, 4),
            order(7, "M", "B", 2, 100.25, 8),
            order(8, "C", "A", 3, 101, 7),
            order(9, "M", "B", 2, 100.25, 3),
            order(10, "N", "N", 0, NAN, 0),
        )
    )
    assert events_of(found) == [
        (0, CLEAR, 0, 0),
        (1, BID, 10050, 10),
        (2, BID, 10050, 15),
        (3, ASK, 10100, 7),
        (6, BID, 10050, 11),
        (7, BID, 10050, 6),
        (7, BID, 10025, 8),
        (8, ASK, 10100, 0),
        (9, BID, 10025, 3),
    ]
    assert found.trades is not None
    assert (found.trades.time_ns - START_NS).tolist() == [4]
    assert found.trades.aggressor.tolist() == [SELL]
    assert not found.report.incidents


def test_many_generated_orders_come_to_the_sums_of_a_dict(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    resting: dict[int, tuple[str, int, int]] = {}
    rows = [CLEARED]
    for at in range(1, 6000):
        number = int(chance.integers(1 << 62)) if chance.random() < 0.6 or not resting else chance.choice([*resting])
        if number not in resting:
            side = "B" if chance.random() < 0.5 else "A"
            price = int(chance.integers(1, 40)) + (50 if side == "A" else 0)
            resting[number] = (side, price, int(chance.integers(1, 20)))
            rows.append(order(at, "A", side, number, price, resting[number][2]))
        elif chance.random() < 0.5:
            side, price, size = resting[number]
            taken = int(chance.integers(1, size + 1))
            resting[number] = (side, price, size - taken)
            if taken == size:
                del resting[number]
            rows.append(order(at, "C", side, number, price, taken))
        else:
            side = resting[number][0]
            price = int(chance.integers(1, 40)) + (50 if side == "A" else 0)
            resting[number] = (side, price, int(chance.integers(1, 20)))
            rows.append(order(at, "M", side, number, price, resting[number][2]))
    sums: dict[str, dict[int, int]] = {"A": {}, "B": {}}
    for side, price, size in resting.values():
        sums[side][price] = sums[side].get(price, 0) + size
    bids, asks = levels_of(read(mbo(tmp_path, *rows)))
    assert {int(price): int(size) for price, size in bids} == sums["B"]
    assert {int(price): int(size) for price, size in asks} == sums["A"]


def test_orders_before_the_book_is_cleared_are_dropped_and_counted(tmp_path: Path) -> None:
    found = read(mbo(tmp_path, order(-2, "A", "B", 1, 10, 1), order(-1, "C", "B", 9, 10, 1), CLEARED))
    assert found.report.counts["before_snapshot"] == 2
    assert [event[1] for event in events_of(found)] == [CLEAR]


def test_a_snapshot_has_the_time_it_was_made_at_not_those_of_its_orders(tmp_path: Path) -> None:
    days_ago = START_NS - 5 * 86_400 * 10**9
    found = read(
        mbo(
            tmp_path,
            order(0, "R", "N", 0, NAN, 0, flags=SNAPSHOT | 8),
            order(0, "A", "B", 1, 10, 1, flags=SNAPSHOT | 8, event_ns=days_ago),
            order(0, "A", "A", 2, 11, 1, flags=SNAPSHOT | 8 | LAST, event_ns=days_ago),
            order(5000, "A", "A", 3, 11, 1),
        )
    )
    assert [event[0] for event in events_of(found)] == [1000, 1000, 1000, 5000]
    assert not found.report.incidents


def test_what_is_cancelled_without_being_there_is_reported_and_a_modification_puts_it_in(tmp_path: Path) -> None:
    found = read(
        mbo(
            tmp_path,
            CLEARED,
            order(1, "C", "B", 5, 10, 1),
            order(2, "M", "B", 6, 10, 2),
            order(3, "C", "B", 6, 10, 9),
        )
    )
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [
        ("gaps", 2), ("gaps", 3), ("gaps", 4),
    ]  # fmt: skip
    assert events_of(found) == [(0, CLEAR, 0, 0), (2, BID, 10, 2), (3, BID, 10, 0)]


def test_an_order_flagged_as_top_of_book_is_all_of_its_side(tmp_path: Path) -> None:
    found = read(
        mbo(
            tmp_path,
            order(1, "A", "B", 0, 10, 1, flags=TOP),
            order(2, "A", "A", 0, 12, 1, flags=TOP),
            order(3, "A", "B", 0, 11, 4, flags=TOP),
            order(4, "A", "A", 0, NAN, 0, flags=TOP),
        )
    )
    bids, asks = levels_of(found)
    assert [(int(price), int(size)) for price, size in bids] == [(11, 4)]
    assert asks == []


def test_finer_prices_rescale_what_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", 56)
    found = read(
        mbo(
            tmp_path,
            CLEARED,
            order(1, "A", "B", 1, 10, 3),
            order(2, "A", "B", 2, 9.999, 1),
            order(3, "C", "B", 1, 10, 1),
            order(4, "A", "B", 3, 10, 5),
        )
    )
    bids, _ = levels_of(found)
    assert [(str(price), int(size)) for price, size in bids] == [("10.000", 7), ("9.999", 1)]


@pytest.mark.parametrize("read_bytes", [1, 7, 55, 57, 400])
def test_how_much_is_read_at_once_changes_no_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_bytes: int
) -> None:
    rows = [CLEARED, *(order(at, "A", "B", at, 10 + at / 8, at) for at in range(1, 40))]
    path = mbo(tmp_path, *rows)
    whole = read(path)
    monkeypatch.setattr(files, "_PLAIN_READ_BYTES", read_bytes)
    pieces = read(path)
    assert book_of(pieces.book) == book_of(whole.book)
    assert pieces.report.files == whole.report.files
    assert pieces.consumed_bytes == pieces.size_bytes


def test_several_instruments_are_told_apart_by_their_ids_on_each_day(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.dbn",
        preamble("trades", {"B": 8, "A": 7})
        + trade(1, "B", 1, 1, instrument=7) + trade(2, "B", 2, 2, instrument=8) + trade(3, "A", 1, 3, instrument=7)
        + trade(4, "A", 1, 4, instrument=9),
    )  # fmt: skip
    assert open_dataset(path).instruments == ("A", "B")
    for instrument, sizes in (("A", [1, 3]), ("B", [2])):
        trades = read(path, instrument).trades
        assert trades is not None
        assert trades.size_lots.tolist() == sizes
    days = [(DAY, date(2024, 8, 9), 5), (date(2024, 8, 9), date(2024, 8, 10), 6)]
    found = dbn._mapped(SimpleNamespace(stype_in="raw_symbol", mappings={"A": [
        {"start_date": first, "end_date": beyond, "symbol": str(number)} for first, beyond, number in days
    ]}))  # type: ignore[arg-type]  # fmt: skip
    assert [(number, span.beyond_ns - span.first_ns) for number, span in found["A"]] == [
        (5, 86_400 * 10**9),
        (6, 86_400 * 10**9),
    ]


def test_without_symbols_the_instruments_are_their_ids(tmp_path: Path) -> None:
    rows = [trade(1, "B", 1, 1, instrument=7), trade(2, "B", 2, 2, instrument=4000)]
    path = write(tmp_path / "a.dbn", preamble("trades", {}) + b"".join(rows))
    assert open_dataset(path).instruments == ("4000", "7")
    trades = read(path, "7").trades
    assert trades is not None
    assert trades.size_lots.tolist() == [1]


def test_a_live_recording_of_several_kinds_of_records_is_read_by_its_deepest(tmp_path: Path) -> None:
    note = bytes([20, 23]) + bytes(78)
    rows = [note, CLEARED, note, order(1, "A", "B", 1, 10, 3), trade(2, "B", 10, 1)]
    found = read(write(tmp_path / "a.dbn", preamble(None, {}, end_ns=None) + b"".join(rows)))
    assert events_of(found) == [(0, CLEAR, 0, 0), (1, BID, 10, 3)]


def test_records_with_the_time_of_sending_after_them_are_read(tmp_path: Path) -> None:
    longer = [bytes([row[0] + 2]) + row[1:] + bytes(8) for row in (CLEARED, order(1, "A", "B", 1, 10, 3))]
    assert events_of(read(mbo(tmp_path, *longer))) == [(0, CLEAR, 0, 0), (1, BID, 10, 3)]


def test_generated_levels_of_mbp_and_tbbo_replace_the_book(tmp_path: Path) -> None:
    levels = [(10, 11, 5, 6), (9, NAN, 4, 0)]
    ten = record("mbp-10", 1, "A", "B", 9, 4, levels=levels + [(NAN, NAN, 0, 0)] * 8)
    found = read(write(tmp_path / "ten.dbn", preamble("mbp-10", {"AAPL": 7}) + ten))
    assert events_of(found) == [(1, CLEAR, 0, 0), (1, BID, 10, 5), (1, BID, 9, 4), (1, ASK, 11, 6)]
    quoted = record("tbbo", 1, "T", "N", 11, 4, levels=levels[:1])
    found = read(write(tmp_path / "tbbo.dbn.zst", zstd.compress(preamble("tbbo", {"AAPL": 7}) + quoted)))
    assert events_of(found) == [(1, CLEAR, 0, 0), (1, BID, 10, 5), (1, ASK, 11, 6)]
    assert found.report.counts["unknown_sides"] == 1


def test_the_local_clock_is_the_time_of_receipt(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dbn", preamble("trades", {"A": 7}) + trade(5, "B", 1, 1))
    found = read(path, clock="local").trades
    assert found is not None
    assert found.time_ns.tolist() == [START_NS + 1005]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (record("mbo", 50, "X", "B", 10, 1), "an action other than A, C, M, R, T, F, N"),
        (record("mbo", 50, "A", "?", 10, 1), "a side other than A, B, N"),
        (record("mbo", 50, "A", "N", 10, 1), "an order without a side or a price"),
        (record("mbo", 50, "A", "B", NAN, 1), "an order without a side or a price"),
        (record("mbo", 50, "T", "B", NAN, 1), "a trade without a price or a size"),
        (
            record("mbo", 0, "A", "B", 1, 1, event_ns=-1),
            "time 1969-12-31T23:59:59+00:00 is before 1990: is it in another unit?",
        ),
        (bytes([12]) + record("mbo", 50, "A", "B", 10, 1)[1:48], "a record of 48 bytes, not 56"),
    ],
)
def test_a_malformed_record_is_skipped_and_located(tmp_path: Path, broken: bytes, reason: str) -> None:
    rows = [CLEARED, *(order(at, "A", "B", at, 10, 1) for at in range(1, 150))]
    rows[49] = broken
    found = read(mbo(tmp_path, *rows))
    (incident,) = found.report.incidents
    assert (incident.kind, incident.file, incident.line, incident.detail) == ("malformed", "a.mbo.dbn", 50, reason)
    assert len(events_of(found)) == 149
    assert found.report.files["a.mbo.dbn"].rows == 150


def test_a_file_that_ends_within_a_record_is_read_to_there(tmp_path: Path) -> None:
    found = read(mbo(tmp_path, CLEARED, order(1, "A", "B", 1, 10, 1)[:-5]))
    (incident,) = found.report.incidents
    assert (incident.kind, incident.line) == ("incomplete", 2)
    rows = [CLEARED, *(order(at, "A", "B", at * 7919, at % 977, at % 83) for at in range(1, 9000))]
    packed = zstd.compress(preamble("mbo", {"AAPL": 7}) + b"".join(rows))
    found = read(write(tmp_path / "cut/a.dbn.zst", packed[:-2000]))
    assert found.report.counts == {"incomplete": 1}


def test_damaged_newer_and_mixed_files_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"a\.mbo\.dbn: damaged after its record 1:"):
        read(mbo(tmp_path, CLEARED, bytes(64)))
    with pytest.raises(DatasetError, match=r"new\.dbn: is DBN version 9; versions 1 to 3"):
        read(write(tmp_path / "new.dbn", b"DBN\x09" + preamble("mbo", {"A": 7})[4:]))
    with pytest.raises(DatasetError, match=r"b\.dbn: the header before its records is damaged"):
        read(write(tmp_path / "b.dbn", preamble("mbo", {"A": 7})[:60]))
    with pytest.raises(DatasetError, match="record 2 is of publisher 3, those before of 2"):
        read(mbo(tmp_path, CLEARED, order(1, "A", "B", 1, 10, 1, publisher=3)))


def test_records_at_a_time_at_which_no_symbol_has_their_id_are_left_out_with_a_word(tmp_path: Path) -> None:
    day_ns = 86_400 * 10**9
    rows = [trade(at, "B", 100, 1) for at in (5, 6, day_ns + 7)] + [trade(8, "B", 100, 1, instrument=9)]
    write(tmp_path / "a.trades.dbn", preamble("trades", {"AAPL": 7}) + b"".join(rows))
    found = read(tmp_path)
    assert len(trades_of(found.trades)) == 2
    assert [(incident.kind, incident.line) for incident in found.report.incidents] == [
        ("assumptions", 3),
        ("assumptions", 4),
    ]
    assert "no symbol has the instrument id 9 at this time" in found.report.incidents[1].detail


def test_records_of_other_symbols_are_passed_over_without_a_word(tmp_path: Path) -> None:
    rows = [trade(at, "B", 100, 1, instrument=number) for at, number in enumerate((7, 8, 7, 8))]
    write(tmp_path / "a.trades.dbn", preamble("trades", {"AAPL": 7, "MSFT": 8}) + b"".join(rows))
    assert not read(tmp_path, "MSFT").report.incidents
