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


def coinbase_time(at_ms: int) -> str:
    """A time of the day 2024-08-08."""
    return f"2024-08-08T00:00:{at_ms // 1000:02d}.{at_ms % 1000:03d}123Z"


def coinbase_snapshot(bids: Levels, asks: Levels, product: str = "ABC-USD", **more: object) -> str:
    """The snapshot of level2; it has no time."""
    return json.dumps({"type": "snapshot", "product_id": product, "asks": asks, "bids": bids} | more)


def coinbase_update(at_ms: int, *changes: tuple[str, str, str], product: str = "ABC-USD") -> str:
    """An update of level2."""
    return json.dumps(
        {"type": "l2update", "product_id": product, "changes": changes, "time": coinbase_time(at_ms)},
        separators=(",", ":"),
    )


def coinbase_match(
    at_ms: int, trade_id: int, maker_side: str, price: str, size: str, *, product: str = "ABC-USD", kind: str = "match"
) -> str:
    """A trade of the matches channel."""
    ids = {"type": kind, "trade_id": trade_id, "maker_order_id": "ac92-x", "taker_order_id": "132f-x"}
    trade = {"side": maker_side, "size": size, "price": price, "product_id": product, "sequence": 50 + trade_id}
    return json.dumps(ids | trade | {"time": coinbase_time(at_ms)})


def coinbase_raw(folder: Path) -> Path:
    """A recording of Exchange."""
    rows = [
        json.dumps({"type": "subscriptions", "channels": [{"name": "level2_batch", "product_ids": ["ABC-USD"]}]}),
        coinbase_match(0, 6, "buy", "1.5", "1", kind="last_match"),
        coinbase_snapshot([("1.50", "8.0"), ("1.25", "4")], [("1.75", "3")]),
        coinbase_update(100, ("buy", "1.50", "0.00000000"), ("sell", "1.80", "2.5")),
        coinbase_match(110, 7, "sell", "1.75", "0.5"),
        coinbase_match(120, 8, "buy", "1.25", "2"),
        coinbase_update(200, ("sell", "1.75", "2.5")),
    ]
    write(folder / "coinbase_20240808.txt", lines(*rows))
    return folder


def advanced_message(at_ms: int, channel: str, *events: Any) -> str:
    """A message of Coinbase's Advanced Trade."""
    envelope = {"channel": channel, "client_id": "", "timestamp": coinbase_time(at_ms), "sequence_num": at_ms}
    return json.dumps(envelope | {"events": events})


def advanced_book(at_ms: int, kind: str, *changes: tuple[str, str, str], product: str = "ABC-USD") -> str:
    """A message of level2 of Advanced Trade."""
    updates = [
        {"side": side, "event_time": "1970-01-01T00:00:00Z", "price_level": price, "new_quantity": size}
        for side, price, size in changes
    ]
    return advanced_message(at_ms, "l2_data", {"type": kind, "product_id": product, "updates": updates})


def advanced_trades(at_ms: int, *trades: tuple[int, str, str, str], kind: str = "update") -> str:
    """A message of market_trades, each of an id, the maker's side, a price and a size."""
    listed = [
        {"trade_id": str(trade_id), "product_id": "ABC-USD", "price": price, "size": size, "side": side}
        | {"time": coinbase_time(at_ms - 1)}
        for trade_id, side, price, size in trades
    ]
    return advanced_message(at_ms, "market_trades", {"type": kind, "trades": listed})


def coinbase_advanced(folder: Path) -> Path:
    """A recording of Advanced Trade."""
    rows = [
        advanced_message(0, "subscriptions", {"subscriptions": {"level2": ["ABC-USD"]}}),
        advanced_book(10, "snapshot", ("bid", "1.50", "8.0"), ("offer", "1.75", "3")),
        advanced_trades(20, (6, "BUY", "9", "9"), kind="snapshot"),
        advanced_trades(300, (8, "BUY", "1.25", "2"), (7, "SELL", "1.75", "0.5")),
        advanced_book(310, "update", ("bid", "1.50", "0"), ("offer", "1.80", "2.5")),
    ]
    write(folder / "advanced_20240808.txt", lines(*rows))
    return folder


def bitstamp_book(
    at_us: int, bids: Levels, asks: Levels, *, channel: str = "order_book", event: str = "data", pair: str = "abcusd"
) -> str:
    """A message of a book."""
    time_us = DAY_US + at_us
    data = {"timestamp": str(time_us // 10**6), "microtimestamp": str(time_us), "bids": bids, "asks": asks}
    return received(at_us // 1000, {"data": data, "channel": f"{channel}_{pair}", "event": event})


def bitstamp_trade(at_us: int, trade_id: int, kind: int, price: str, amount: str, **more: object) -> str:
    """A trade."""
    data = {
        "id": trade_id,
        "timestamp": str((DAY_US + at_us) // 10**6),
        "amount": float(amount),
        "amount_str": amount,
        "price": float(price),
        "price_str": price,
        "type": kind,
        "microtimestamp": str(DAY_US + at_us),
    }
    return received(at_us // 1000, {"data": data | more, "channel": "live_trades_abcusd", "event": "trade"})


def bitstamp_raw(folder: Path) -> Path:
    """A recording of whole books and trades."""
    rows = [
        received(0, {"event": "bts:subscription_succeeded", "channel": "live_trades_abcusd", "data": {}}),
        bitstamp_book(1_000, [("1.50", "8.0"), ("1.25", "4")], [("1.75", "3")]),
        bitstamp_trade(1_500, 7, 0, "1.75", "0.50000000"),
        bitstamp_trade(1_700, 9, 1, "1.5", "2.00000000"),
        bitstamp_book(2_000, [("1.25", "4")], [("1.80", "2.5")]),
    ]
    write(folder / "bitstamp_20240808.txt.gz", lines(*rows))
    return folder


def archived_book(at_ms: int, action: str, bids: Levels, asks: Levels, *, instrument: str = "ABC-USDT") -> str:
    """A line of OKX's order book archive."""
    levels = {"asks": [[*level, "1"] for level in asks], "bids": [[*level, "1"] for level in bids]}
    line = {"instId": instrument, "action": action, "ts": str(DAY_MS + at_ms)} | levels
    return json.dumps(line, separators=(",", ":"))


def okx_archive(folder: Path) -> Path:
    """A day of OKX's order book archive."""
    rows = [
        archived_book(0, "snapshot", [("1.5", "8"), ("1.25", "4.00")], [("1.75", "3"), ("2", "1")]),
        archived_book(10, "update", [("1.5", "0")], [("1.75", "2.5")]),
        archived_book(20, "update", [], []),
        archived_book(30, "update", [("1.6", "0.001")], [("2", "0")]),
    ]
    write(folder / "ABC-USDT-L2orderbook-400lv-2024-08-08.data", lines(*rows))
    return folder


def hyperliquid_book(at_ms: int, bids: Levels, asks: Levels, *, coin: str = "ABC") -> str:
    """A message of a book, without a time of receipt."""
    levels = [[{"px": price, "sz": size, "n": 1} for price, size in side] for side in (bids, asks)]
    message = {"channel": "l2Book", "data": {"coin": coin, "time": DAY_MS + at_ms, "levels": levels}}
    return json.dumps(message, separators=(",", ":"))


def hyperliquid_trades(at_ms: int, *trades: tuple[int, str, str, str], coin: str = "ABC") -> str:
    """A message of trades, each of an id, a side, a price and a size."""
    data = [
        {"coin": coin, "side": side, "px": price, "sz": size, "time": DAY_MS + at_ms, "hash": "0x0", "tid": trade_id}
        for trade_id, side, price, size in trades
    ]
    return json.dumps({"channel": "trades", "data": data}, separators=(",", ":"))


def collected(at_ms: int, message: str) -> str:
    """A line of a collector, received half a millisecond after `at_ms` of the day."""
    return f"{(DAY_MS + at_ms) * 10**6 + 500_000} {message}"


def hyperliquid_raw(folder: Path) -> Path:
    """What a collector records of one coin."""
    rows = [
        collected(0, json.dumps({"channel": "subscriptionResponse", "data": {"method": "subscribe"}})),
        collected(1, hyperliquid_book(0, [("1.5", "8.0"), ("1.25", "4.0")], [("1.75", "3.0")])),
        collected(6, hyperliquid_trades(5, (70, "B", "1.75", "0.5"), (90, "A", "1.5", "2.0"))),
        collected(21, hyperliquid_book(20, [("1.25", "4.0")], [("1.8", "2.5")])),
        collected(26, hyperliquid_trades(25, (80, "A", "1.25", "1.0"))),
    ]
    write(folder / "abc_20240808.gz", lines(*rows))
    return folder
