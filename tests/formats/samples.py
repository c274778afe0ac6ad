"""Small recordings of each format, written row by row as the vendors do."""

from __future__ import annotations

import gzip
import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DAY_US = 1_723_075_200_000_000
"""2024-08-08 00:00 UTC."""

TARDIS_BOOK = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount"
TARDIS_TRADES = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount"


def write(path: Path, text: str | bytes) -> Path:
    """Write a file, packed if its name ends in .gz; returns it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def zipped(path: Path, members: Mapping[str, str | bytes]) -> Path:
    """Write a zip archive; returns it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def lines(*rows: str) -> str:
    """The rows, each ended by a newline."""
    return "".join(f"{row}\n" for row in rows)


def tardis_update(
    at_us: int, side: str, price: str, amount: str, *, snapshot: bool = False, symbol: str = "BTCUSDT"
) -> str:
    """A row of incremental_book_L2, received 500 us later."""
    time_us = DAY_US + at_us
    return f"binance,{symbol},{time_us},{time_us + 500},{str(snapshot).lower()},{side},{price},{amount}"


def tardis_trade(at_us: int, side: str, price: str, amount: str, *, symbol: str = "BTCUSDT") -> str:
    """A row of trades, received 500 us later."""
    time_us = DAY_US + at_us
    return f"binance,{symbol},{time_us},{time_us + 500},{at_us},{side},{price},{amount}"


def tardis_book() -> str:
    """A book file: a snapshot, updates, another snapshot."""
    return lines(
        TARDIS_BOOK,
        tardis_update(0, "bid", "100.5", "1.25", snapshot=True),
        tardis_update(0, "ask", "101", "3", snapshot=True),
        tardis_update(1000, "bid", "100.25", "0.5"),
        tardis_update(2000, "bid", "100.5", "0"),
        tardis_update(3000, "ask", "100.75", "7", snapshot=True),
        tardis_update(3000, "bid", "100", "0.001", snapshot=True),
        tardis_update(4000, "bid", "100.125", "2"),
    )


def tardis_trades() -> str:
    """A trades file with all sides."""
    return lines(
        TARDIS_TRADES,
        tardis_trade(500, "buy", "101", "0.5"),
        tardis_trade(600, "sell", "100.5", "0.25"),
        tardis_trade(700, "unknown", "100.75", "1"),
    )


def tardis(folder: Path) -> Path:
    """Both files of a day."""
    write(folder / "binance_incremental_book_L2_2024-08-08_BTCUSDT.csv.gz", tardis_book())
    write(folder / "binance_trades_2024-08-08_BTCUSDT.csv", tardis_trades())
    return folder


def tardis_snapshot(at_us: int, columns: str, levels: Sequence[str], *, symbol: str = "BTCUSDT") -> str:
    """A row of book_snapshot_N or quotes, received 500 us later; `columns` is its header's end, for the count."""
    time_us = DAY_US + at_us
    fields = ",".join(levels)
    assert fields.count(",") == columns.count(",")
    return f"binance,{symbol},{time_us},{time_us + 500},{fields}"


TARDIS_START = "exchange,symbol,timestamp,local_timestamp"
TARDIS_QUOTES = "ask_amount,ask_price,bid_price,bid_amount"
TARDIS_LEVELS = ",".join(
    f"{side}s[{level}].{what}" for level in range(2) for side in ("ask", "bid") for what in ("price", "amount")
)
"""As the vendor orders them: by level, ask first."""
TARDIS_LEVELS_BY_SIDE = ",".join(
    f"{side}s[{level}].{what}" for side in ("ask", "bid") for level in range(2) for what in ("price", "amount")
)
"""As others do who make the same files."""


def tardis_states(folder: Path) -> Path:
    """Snapshots of two levels, some of which are missing, with trades beside them."""
    write(
        folder / "binance_book_snapshot_2_2024-08-08_BTCUSDT.csv.gz",
        lines(
            f"{TARDIS_START},{TARDIS_LEVELS}",
            tardis_snapshot(0, TARDIS_LEVELS, ["101,3", "100.5,1.25", "101.5,2", "100.25,4"]),
            tardis_snapshot(1000, TARDIS_LEVELS, ["101,2.5", "100.5,1.25", ",", ","]),
            tardis_snapshot(2000, TARDIS_LEVELS, [",", "100.5,0", ",", "100.25,4"]),
        ),
    )
    write(folder / "binance_trades_2024-08-08_BTCUSDT.csv", tardis_trades())
    return folder


def tardis_quotes(folder: Path) -> Path:
    """Best prices alone, once without an ask."""
    write(
        folder / "quotes.csv",
        lines(
            f"{TARDIS_START},{TARDIS_QUOTES}",
            tardis_snapshot(0, TARDIS_QUOTES, ["3,101", "100.5,1.25"]),
            tardis_snapshot(1000, TARDIS_QUOTES, [",", "100.5,0.5"]),
        ),
    )
    return folder


LOBSTER_NAME = "XYZ_2012-06-21_34200000_57600000_{}_2.csv"

LOBSTER_MESSAGES = lines(
    "34200.017459617,5,0,1,2238200,-1",
    "34200.18960767,1,11885113,21,2238100,1",
    "34200.18960767,4,3911376,20,2239600,-1",
    "34201,4,11885113,10,2238100,1",
    "34202.000000001,6,-1,500,2239000,-1",
    "34203.5,7,0,0,-1,-1",
)
LOBSTER_BOOK = lines(
    "2239500,100,2231800,100,2239900,100,2230700,200",
    "2239500,100,2238100,21,2239900,100,2231800,100",
    "2239500,100,2238100,21,2239600,20,2231800,100",
    "2239500,100,2238100,11,9999999999,0,2231800,100",
    "2239500,100,2238100,11,9999999999,0,-9999999999,0",
    "2239500,100,2238100,11,9999999999,0,-9999999999,0",
)


def lobster(folder: Path) -> Path:
    """A pair of files."""
    write(folder / LOBSTER_NAME.format("message"), LOBSTER_MESSAGES)
    write(folder / LOBSTER_NAME.format("orderbook"), LOBSTER_BOOK)
    return folder


def binance_line(local_us: int, message: dict[str, object]) -> str:
    """A recorded line."""
    stream = {"stream": "abcusdt@x", "data": message} if "lastUpdateId" not in message else message
    return f"{DAY_US + local_us} {json.dumps(stream, separators=(',', ':'))}"


def binance_depth(
    at_ms: int,
    first_id: int,
    last_id: int,
    bids: Sequence[Sequence[str]] = (),
    asks: Sequence[Sequence[str]] = (),
    *,
    previous_id: int | None = None,
    symbol: str = "ABCUSDT",
) -> str:
    """A depthUpdate, received 100 ms before its own time, as clocks have it."""
    futures = {} if previous_id is None else {"T": DAY_US // 1000 + at_ms, "pu": previous_id}
    event = {"e": "depthUpdate", "E": DAY_US // 1000 + at_ms, "s": symbol, "U": first_id, "u": last_id}
    return binance_line((at_ms - 100) * 1000, event | futures | {"b": bids, "a": asks})


def binance_trade(at_ms: int, trade_id: int, price: str, size: str, *, maker: bool, **more: object) -> str:
    """A trade, received as it happens."""
    time_ms = DAY_US // 1000 + at_ms
    event = {"e": "trade", "E": time_ms + 1, "s": "ABCUSDT", "t": trade_id, "p": price, "q": size, "T": time_ms}
    return binance_line(at_ms * 1000, event | {"m": maker, "M": True} | more)


def binance_snapshot(
    at_ms: int, last_id: int, bids: Sequence[Sequence[str]] = (), asks: Sequence[Sequence[str]] = ()
) -> str:
    """A REST snapshot."""
    return binance_line(at_ms * 1000, {"lastUpdateId": last_id, "bids": bids, "asks": asks})


def binance_raw(folder: Path) -> Path:
    """A recording whose snapshot comes after the first diffs."""
    write(
        folder / "abcusdt_20240808.gz",
        lines(
            binance_depth(1000, 9, 10, [["1.5", "7"]]),
            binance_depth(1100, 11, 12, [["1.25", "4.00"]]),
            binance_trade(1150, 77, "1.50000", "2.5", maker=True),
            binance_snapshot(1200, 10, [["1.50000000", "8.00000000"]], [["1.75", "3"], ["2", "1"]]),
            binance_depth(1300, 13, 13, [], [["1.7500", "0.00000000"]]),
            binance_trade(1350, 78, "2", "0.125", maker=False),
        ),
    )
    return folder


DATABENTO_HEADER = (
    "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,sequence,"
    "bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,bid_ct_00,ask_ct_00,bid_px_01,ask_px_01,bid_sz_01,ask_sz_01,bid_ct_01,"
    "ask_ct_01,symbol"
)


def databento_row(
    at_ns: int, action: str, side: str, price: str, size: str, levels: Sequence[str], symbol: str = "AAPL"
) -> str:
    """A row of two levels; each is `bid_px,ask_px,bid_sz,ask_sz`."""
    event, received = (f"2024-08-08T14:30:00.{at_ns + delay:09d}Z" for delay in (0, 1000))
    books = ",".join(f"{level},1,1" for level in levels)
    return f"{received},{event},10,2,38,{action},{side},0,{price},{size},130,1000,5,{books},{symbol}"


def databento(folder: Path) -> Path:
    """A file with a book of two levels and trades of every side."""
    two = ("233.67,233.74,139,200", "233.5,233.75,10,1")
    write(
        folder / "aapl_20240808.csv",
        lines(
            DATABENTO_HEADER,
            databento_row(5, "A", "B", "233.67", "2", two),
            databento_row(21, "T", "B", "233.74", "50", two),
            databento_row(21, "T", "A", "233.67", "7", two),
            databento_row(30, "T", "N", "233.7", "1", two),
            databento_row(44, "C", "A", "233.74", "200", ("233.67,,139,0", "233.5,,10,0")),
            databento_row(51, "R", "N", "", "0", (",,0,0", ",,0,0")),
        ),
    )
    return folder
