"""Small files of the vendors whose tables are known, written as they write them."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Final

import polars as pl

from tests.formats.samples import lines, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START_MS: Final = 1_754_006_400_000
"""2025-08-01 00:00 UTC."""


def binance_depth(folder: Path) -> Path:
    """T_DEPTH: updates that begin before the snapshot of the other file, with the number of the update before."""
    header = "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu"
    snap = [f"ABCUSDT,{START_MS + 500},10,10,{side},snap,{price},{size},-1" for side, price, size in
            (("a", "101.0", "1.000"), ("b", "100.0", "2.000"), ("b", "99.5", "3.000"))]  # fmt: skip
    updates = [
        f"ABCUSDT,{START_MS + 400},8,10,b,set,100.0,9.000,7",
        f"ABCUSDT,{START_MS + 600},11,12,b,set,100.0,0.000,10",
        f"ABCUSDT,{START_MS + 600},11,12,a,set,100.5,4.000,10",
        f"ABCUSDT,{START_MS + 700},13,14,a,set,101.0,5.000,12",
    ]
    write(folder / "ABCUSDT_T_DEPTH_2025-08-01_depth_snap.csv", lines(header, *snap))
    write(folder / "ABCUSDT_T_DEPTH_2025-08-01_depth_update.csv", lines(header, *updates))
    return folder


def binance_depth_headless(folder: Path) -> Path:
    """The same without a header, with the number of the transaction."""
    told = (("b", "snap", "100.0", "2.000"), ("a", "snap", "101.0", "1.000"), ("b", "set", "100.0", "7.000"))
    rows = [f"ABCUSDT,{START_MS},77,10,10,{','.join(each)}" for each in told]
    write(folder / "ABCUSDT_T_DEPTH.csv", lines(*rows))
    return folder


def bitmex_trades(folder: Path) -> Path:
    """BitMEX's archive of trades, all symbols in one file, an index among them."""
    header = "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,trdType"
    rows = [
        "2025-08-01D00:00:00.123456000,XBTUSD,Sell,100,42000.5,ZeroPlusTick,0ab1-c,1,0.1,100,Regular",
        "2025-08-01D00:00:00.123456000,ETHUSD,Buy,7,3000.05,ZeroPlusTick,0ab1-d,1,0.1,100,Regular",
        "2025-08-01D00:00:01.000000001,XBTUSD,Buy,300,42001,PlusTick,0ab1-e,1,0.1,100,Regular",
    ]
    write(folder / "20250801.csv.gz", lines(header, *rows))
    return folder


def bitmex_quotes(folder: Path) -> Path:
    """BitMEX's archive of quotes."""
    rows = [
        "2025-08-01D00:00:00.000000000,XBTUSD,100,42000,42000.5,300",
        "2025-08-01D00:00:01.000000000,XBTUSD,,,42000.5,300",
    ]
    write(folder / "20250801.csv", lines("timestamp,symbol,bidSize,bidPrice,askPrice,askSize", *rows))
    return folder


def dukascopy(folder: Path) -> Path:
    """JForex's export of ticks, in local time."""
    rows = [
        "01.08.2025 02:00:00.605 GMT+0200,1581.15,1580.787,400,700",
        "01.08.2025 02:00:01.000 GMT+0200,1581.2,1580.8,1,2.5",
    ]
    write(folder / "XAUUSD_Ticks_01.08.2025-01.08.2025.csv", lines("Local time,Ask,Bid,AskVolume,BidVolume", *rows))
    return folder


def dukascopy_eet(folder: Path) -> Path:
    """The same in Eastern European Time, year first."""
    rows = ["2025.08.01 03:00:00.605,1581.15,1580.787,400,700"]
    write(folder / "XAUUSD_Ticks_2025.08.01.csv", lines("Time (EET),Ask,Bid,AskVolume,BidVolume", *rows))
    return folder


def dukascopy_node(folder: Path) -> Path:
    """What dukascopy-node writes, without volumes."""
    write(
        folder / "xauusd-tick-2025-08-01-2025-08-02.csv", lines("timestamp,askPrice,bidPrice", f"{START_MS},2.5,2.25")
    )
    return folder


def metatrader(folder: Path) -> Path:
    """MetaTrader 5's ticks: the bid alone changed, then a trade, then one without a volume."""
    rows = [
        "2025.08.01\t00:00:00.212\t1.09170\t1.09210\t\t\t6",
        "2025.08.01\t00:00:01.212\t1.09180\t\t\t\t2",
        "2025.08.01\t00:00:02.212\t\t\t1.09200\t3\t56",
        "2025.08.01\t00:00:03.212\t\t\t1.09180\t2\t88",
        "2025.08.01\t00:00:04.212\t\t1.09220\t1.09190\t\t12",
    ]
    header = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>"
    write(folder / "EURUSD_202508010000_202508012359.csv", lines(header, *rows))
    return folder


def histdata(folder: Path) -> Path:
    """HistData's ticks, in Eastern Standard Time."""
    rows = ["20250731 190000123,1.14150,1.14165,0", "20250731 190001000,1.14160,1.14170,0"]
    write(folder / "DAT_ASCII_EURUSD_T_202507.csv", lines(*rows))
    return folder


def truefx(folder: Path) -> Path:
    """TrueFX's ticks."""
    rows = ["EUR/USD,20250801 00:00:00.212,1.0917,1.0921", "EUR/USD,20250801 00:00:01.000,1.0918,1.0922"]
    write(folder / "EURUSD-2025-08.csv", lines(*rows))
    return folder


_FREQTRADE: Final = [
    [START_MS + at, f"{13519807 + at}", None, ("sell", "buy")[at % 2], 0.00141342 + at, 23.0, 0.03250866]
    for at in range(4)
]


def freqtrade_json(folder: Path) -> Path:
    """freqtrade's trades as packed lists."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "XRP_ETH-trades.json.gz").write_bytes(gzip.compress(json.dumps(_FREQTRADE).encode()))
    return folder


def freqtrade_feather(folder: Path) -> Path:
    """The same as Feather."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = ["timestamp", "id", "type", "side", "price", "amount", "cost"]
    pl.DataFrame(_FREQTRADE, schema=columns, orient="row").write_ipc(
        folder / "XRP_ETH-trades.feather", compression="lz4"
    )
    return folder


def kraken(folder: Path) -> Path:
    """Kraken's time and sales."""
    write(folder / "XBTUSD.csv", lines("1754006400,60000.1,0.50000000", "1754006401,60001,0.25000000"))
    return folder


def cryptofeed_trades(folder: Path) -> Path:
    """cryptofeed's trades as Parquet: seconds as floats, two exchanges."""
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(
        {
            "exchange": ["COINBASE", "KRAKEN", "COINBASE"],
            "symbol": ["BTC-USD"] * 3,
            "side": ["buy", "sell", "sell"],
            "amount": [0.1, 0.2, 0.3],
            "price": [100.5, 100.25, 100.75],
            "id": ["1", "2", "3"],
            "timestamp": [START_MS / 1000 + at for at in (0.123456, 1, 2)],
            "receipt_timestamp": [START_MS / 1000 + at for at in (0.2, 1.1, 2.1)],
        }
    ).write_parquet(folder / "trades.parquet")
    return folder


def cryptofeed_book(folder: Path) -> Path:
    """Its books as maps of sizes by price."""
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(
        {
            "exchange": ["COINBASE"] * 2,
            "symbol": ["BTC-USD"] * 2,
            "timestamp": [START_MS / 1000, START_MS / 1000 + 1],
            "receipt_timestamp": [START_MS / 1000, START_MS / 1000 + 1],
            "bids": [[{"key": "100.5", "value": "1.5"}, {"key": "100", "value": "2"}], []],
            "asks": [[{"key": "101", "value": "3"}], [{"key": "101", "value": "4"}]],
        }
    ).write_parquet(folder / "book.parquet")
    return folder


def cryptostore_book(folder: Path) -> Path:
    """cryptostore's: a level a row, those of a snapshot with `delta` false."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        (False, "bid", 100.5, 1.0),
        (False, "ask", 101.0, 2.0),
        (True, "bid", 100.5, 0.0),
        (True, "bid", 100.25, 3.0),
    ]
    pl.DataFrame(
        {
            "timestamp": [START_MS / 1000 + at for at in (0, 0, 1, 2)],
            "receipt_timestamp": [START_MS / 1000 + at for at in (0, 0, 1, 2)],
            "delta": [row[0] for row in rows],
            "side": [row[1] for row in rows],
            "price": [row[2] for row in rows],
            "size": [row[3] for row in rows],
        }
    ).write_parquet(folder / "BTC-USD.parquet")
    return folder


def carbonbot(folder: Path) -> Path:
    """carbonbot's l2_event: a snapshot and updates, numbered."""
    rows = [
        f"{START_MS}\ttrue\t[[100.1,1.0,100.1,1.0],[100.2,2.0,200.4,2.0]]\t[[100.0,4.0,400.0,4.0]]\t7\t6",
        f"{START_MS + 1000}\tfalse\t[[100.1,0.0,0.0,0.0]]\t[[99.9,5.0,499.5,5.0]]\t8\t7",
    ]
    write(folder / "BTC_USDT.tsv", lines("timestamp\tsnapshot\tasks\tbids\tseq_id\tprev_seq_id", *rows))
    return folder


TEXTS: Final[tuple[Callable[[Path], Path], ...]] = (
    binance_depth, binance_depth_headless, bitmex_trades, bitmex_quotes, dukascopy, dukascopy_eet, dukascopy_node,
    metatrader, histdata, truefx, kraken, carbonbot,
)  # fmt: skip
WRITERS: Final = (
    *TEXTS, freqtrade_json, freqtrade_feather, cryptofeed_trades, cryptofeed_book, cryptostore_book,
)  # fmt: skip
