"""Small websocket recordings, generated as the venues' documentation describes their messages."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from zlib import crc32

from tests.formats.samples import DAY_US, lines, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    Levels = Sequence[Sequence[str]]

DAY_MS = DAY_US // 1000


def received(at_ms: int, message: Any) -> str:
    """A recorded line, received half a millisecond after `at_ms` of the day."""
    return f"{DAY_MS // 1000 + at_ms // 1000}.{at_ms % 1000:03d}5: {json.dumps(message, separators=(',', ':'))}"


class PlainBook:
    """The book as the exchange has it: what its checksums are made of."""

    def __init__(self) -> None:
        self.bids: dict[str, str] = {}
        self.asks: dict[str, str] = {}

    def update(self, bids: Levels, asks: Levels) -> None:
        """Set levels; a size of zero removes one."""
        for side, levels in ((self.bids, bids), (self.asks, asks)):
            for price, size in levels:
                side.pop(price, None)
                if Decimal(size):
                    side[price] = size

    def best(self, count: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The best bids and asks."""
        bids = sorted(self.bids.items(), key=lambda level: -Decimal(level[0]))
        asks = sorted(self.asks.items(), key=lambda level: Decimal(level[0]))
        return bids[:count], asks[:count]


def okx_checksum(book: PlainBook) -> int:
    """As OKX documents it."""
    texts = [f"{level[0]}:{level[1]}" for pair in zip_longest(*book.best(25)) for level in pair if level]
    unsigned = crc32(":".join(texts).encode())
    return unsigned - 2**32 if unsigned >= 2**31 else unsigned


def okx_book(
    at_ms: int,
    action: str,
    bids: Levels,
    asks: Levels,
    *,
    instrument: str = "ABC-USDT",
    channel: str = "books",
    **more: object,
) -> str:
    """A message of a book."""
    levels = {"asks": [[*level, "0", "1"] for level in asks], "bids": [[*level, "0", "1"] for level in bids]}
    message = {
        "arg": {"channel": channel, "instId": instrument},
        "action": action,
        "data": [levels | {"ts": str(DAY_MS + at_ms)} | more],
    }
    return received(at_ms, message)


def okx_trade(
    at_ms: int, trade_id: int, side: str, price: str, size: str, *, instrument: str = "ABC-USDT", **more: object
) -> str:
    """A trade."""
    trade = {
        "instId": instrument,
        "tradeId": str(trade_id),
        "px": price,
        "sz": size,
        "side": side,
        "ts": str(DAY_MS + at_ms),
    }
    return received(at_ms, {"arg": {"channel": "trades", "instId": instrument}, "data": [trade | more]})


def okx_raw(folder: Path) -> Path:
    """A recording with connection records, acknowledgements, checksums and sequence ids."""
    book = PlainBook()
    rows = [
        "wss://ws.okx.com:8443/ws/v5/public <-> 1723075199.5",
        'wss://ws.okx.com:8443/ws/v5/public <- 1723075199.6: {"op":"subscribe","args":[]}',
        received(0, {"event": "subscribe", "arg": {"channel": "books", "instId": "ABC-USDT"}}),
    ]
    steps: list[tuple[Levels, Levels]] = [
        ([("1.5", "8"), ("1.25", "4.00")], [("1.75", "3"), ("2", "1")]),
        ([("1.5", "0")], [("1.75", "2.5")]),
        ([], []),
        ([("1.6", "0.001")], [("2", "0")]),
    ]
    for number, (bids, asks) in enumerate(steps):
        book.update(bids, asks)
        action = "update" if number else "snapshot"
        checksum = okx_checksum(book)
        rows.append(okx_book(100 * number, action, bids, asks, checksum=checksum, prevSeqId=number - 1, seqId=number))
        rows.append(okx_trade(100 * number + 10, 7 + number, ("buy", "sell")[number % 2], "1.75", "0.125"))
    write(folder / "okx_20240808.txt.gz", lines(*rows))
    return folder


def bybit_book(
    at_ms: int,
    kind: str,
    update_id: int,
    bids: Levels,
    asks: Levels,
    *,
    symbol: str = "ABCUSDT",
    depth: int = 50,
) -> str:
    """A message of a book, without a time of receipt, as in the archive."""
    data = {"s": symbol, "b": bids, "a": asks, "u": update_id, "seq": 7_961_638_724 + update_id}
    topic = f"orderbook.{depth}.{symbol}"
    return json.dumps({"topic": topic, "type": kind, "ts": DAY_MS + at_ms, "data": data, "cts": DAY_MS + at_ms - 2})


def bybit_trades(at_ms: int, *trades: tuple[str, str, str], symbol: str = "ABCUSDT", **more: object) -> str:
    """A message of trades, each of a side, a price and a size."""
    data = [
        {"T": DAY_MS + at_ms, "s": symbol, "S": side, "v": size, "p": price, "L": "PlusTick", "i": f"{at_ms}-{number}"}
        | {"BT": False}
        | more
        for number, (side, price, size) in enumerate(trades)
    ]
    return json.dumps({"topic": f"publicTrade.{symbol}", "type": "snapshot", "ts": DAY_MS + at_ms + 3, "data": data})


def bybit_raw(folder: Path) -> Path:
    """A recording of one symbol."""
    rows = [
        json.dumps({"success": True, "ret_msg": "", "conn_id": "x", "op": "subscribe"}),
        bybit_book(0, "snapshot", 7, [("1.5", "8"), ("1.25", "4.00")], [("1.75", "3")]),
        bybit_trades(5, ("Buy", "1.75", "0.5"), ("Sell", "1.5", "2")),
        bybit_book(20, "delta", 8, [("1.5", "0")], [("1.80", "2.5")]),
        bybit_trades(25, ("Sell", "1.25", "1")),
    ]
    write(folder / "bybit_2024-08-08.txt", lines(*rows))
    return folder


def kraken_checksum(book: PlainBook) -> int:
    """As Kraken documents it."""
    bids, asks = book.best(10)
    return crc32("".join(text.replace(".", "").lstrip("0") for level in asks + bids for text in level).encode())


def kraken_time(at_ms: int) -> str:
    """A time of the day 2024-08-08."""
    return f"2024-08-08T00:00:{at_ms // 1000:02d}.{at_ms % 1000:03d}456Z"


def kraken_book(
    at_ms: int, kind: str, bids: Levels, asks: Levels, *, checksum: int | None = None, symbol: str = "ABC/USD"
) -> str:
    """A message of a book of version 2; a snapshot has no time."""
    sides = (
        "[" + ",".join(f'{{"price":{price},"qty":{size}}}' for price, size in levels) + "]" for levels in (bids, asks)
    )
    fields = f'"symbol":"{symbol}","bids":{next(sides)},"asks":{next(sides)}'
    fields += "" if checksum is None else f',"checksum":{checksum}'
    fields += f',"timestamp":"{kraken_time(at_ms)}"' if kind == "update" else ""
    return f'{(DAY_US + at_ms * 1000) * 1000} {{"channel":"book","type":"{kind}","data":[{{{fields}}}]}}'


def kraken_trade(at_ms: int, trade_id: int, side: str, price: str, size: str, kind: str = "update") -> str:
    """A trade of version 2."""
    fields = f'"symbol":"ABC/USD","side":"{side}","price":{price},"qty":{size},"ord_type":"market"'
    fields += f',"trade_id":{trade_id},"timestamp":"{kraken_time(at_ms)}"'
    return f'{(DAY_US + at_ms * 1000) * 1000} {{"channel":"trade","type":"{kind}","data":[{{{fields}}}]}}'


def kraken_raw(folder: Path) -> Path:
    """A recording of version 2 with checksums."""
    book = PlainBook()
    rows = []
    steps: list[tuple[Levels, Levels]] = [
        ([("1.50", "8.00000000"), ("1.25", "4.00000000")], [("1.75", "3.00000000"), ("2.00", "1.00000000")]),
        ([("1.50", "0.00000000")], [("1.75", "2.50000000")]),
        ([("1.60", "0.00100000")], [("2.00", "0.00000000")]),
    ]
    for number, (bids, asks) in enumerate(steps):
        book.update(bids, asks)
        kind = "update" if number else "snapshot"
        rows.append(kraken_book(100 * number, kind, bids, asks, checksum=kraken_checksum(book)))
        rows.append(kraken_trade(100 * number + 10, 7 + number, ("buy", "sell")[number % 2], "1.75", "0.12500000"))
    write(folder / "kraken_20240808.txt.gz", lines(*rows))
    return folder
