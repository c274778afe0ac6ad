"""`python -m processor.warm`: compiles every kernel into Numba's cache, so that no later start has to.

It makes a small dataset of each way of reading, aggregates them all, and replays one: what is compiled is what a real
run needs, whatever that is.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.aggregate.book_tables import BOOK_TABLES
from processor.aggregate.table import aggregate
from processor.aggregate.view_tables import view_tables
from processor.clock import SystemClock
from processor.demo import generate
from processor.formats import dbn, open_dataset
from processor.formats.books import orders
from processor.publish.asked import named_views
from processor.replay.context import StopSignal
from processor.replay.run import replay
from processor.settings import Settings
from processor.sources.files import FileSource

if TYPE_CHECKING:
    from collections.abc import Sequence

_BINANCE: Final = (
    '1700000000000000 {"lastUpdateId":1,"bids":[["1.5","2"]],"asks":[["1.6","2"]]}',
    (
        '1700000000100000 {"stream":"x@depth","data":{"e":"depthUpdate","E":1700000000100,"s":"X","U":2,"u":2,'
        '"b":[["1.4","1"]],"a":[]}}'
    ),
    (
        '1700000000200000 {"stream":"x@trade","data":{"e":"trade","E":1700000000200,"s":"X","t":1,"p":"1.6","q":"1",'
        '"T":1700000000200,"m":true}}'
    ),
)
_DATABENTO: Final = (
    "ts_recv,ts_event,action,side,price,size,bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,symbol",
    "2024-01-01T00:00:00.000000001Z,2024-01-01T00:00:00.000000001Z,T,B,1.6,1,1.5,1.6,2,2,X",
    "2024-01-01T00:00:00.000000002Z,2024-01-01T00:00:00.000000002Z,A,B,1.5,1,1.5,1.6,3,2,X",
)
_TARDIS_COLUMNS: Final = "exchange,symbol,timestamp,local_timestamp"
_SAMPLES: Final[dict[str, Sequence[str]]] = {
    "tardis/book.csv": (
        f"{_TARDIS_COLUMNS},is_snapshot,side,price,amount",
        "x,X,1700000000000000,1700000000000000,true,bid,1.5,2",
        "x,X,1700000000000001,1700000000000001,false,ask,1.6,2",
    ),
    "tardis/trades.csv": (
        f"{_TARDIS_COLUMNS},id,side,price,amount",
        "x,X,1700000000000000,1700000000000000,1,buy,1.6,1",
    ),
    "lobster/X_2024-01-02_34200000_57600000_message_1.csv": ("34200.1,1,1,2,15000,1", "34200.2,4,1,1,15000,1"),
    "lobster/X_2024-01-02_34200000_57600000_orderbook_1.csv": ("16000,2,15000,2", "16000,2,15000,1"),
    "binance/x.txt": _BINANCE,
    "databento/x.csv": _DATABENTO,
    "dirty/x.csv": (
        f"{_TARDIS_COLUMNS},id,side,price,amount",
        "x,X,1700000000000000,1700000000000000,1,Buy, 1.6,1e0",
    ),
    "dirty levels/x.txt": [line.replace('"2"', "2.0") for line in _BINANCE],
    "dukascopy/X_ticks.csv": (
        "Local time,Ask,Bid,AskVolume,BidVolume",
        "01.08.2025 02:00:00.605 GMT+0200,1581.15,1580.787,400,700",
    ),
}


def _compile_orders() -> None:
    """What only Databento's binary files need, which are no text to keep here."""
    dbn.record_places(np.frombuffer(bytes([4, *range(15)]), np.uint8))
    book = orders.OrderBook()
    one, no_side = np.ones(2, np.int64), np.zeros(2, np.int8)
    book.apply(one, np.array([orders.RESET, orders.ADD], np.int8), one, no_side, one, one)
    book.rescale(10)


def main() -> None:
    """Compile."""
    _compile_orders()
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder) / "demo", hours=0.02, seed=1)
        for name, lines in _SAMPLES.items():
            sample = Path(folder) / name
            sample.parent.mkdir(exist_ok=True)
            sample.write_text("".join(f"{line}\n" for line in lines))
        for dataset in sorted(Path(folder).iterdir()):
            for interval in ("1m", "1t"):
                engine = aggregate(FileSource(open_dataset(dataset), None, "exchange"), Settings(interval=interval))
                engine.rows()
        demo = open_dataset(Path(folder) / "demo")
        for table in BOOK_TABLES:
            view_tables(table.name, demo, demo.instruments, Settings(), None)
        _replay(Path(folder) / "demo", Path(folder) / "ipc")


def _replay(dataset: Path, out: Path) -> None:
    """What is published, in every view."""
    clock = SystemClock()
    for interval in ("1m", "1t"):
        settings = Settings(interval=interval, speed=None, at_end="exit")
        replay(dataset, out, settings, clock, StopSignal(), resume=False, views=named_views("all"))


if __name__ == "__main__":
    main()
