"""Recordings of websockets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tests.formats import samples
from tests.formats.one_market.model import (
    DAY_MS,
    Deal,
    Market,
    iso,
)
from tests.formats.one_market.tables import okx_trades
from tests.formats.samples import lines, write
from tests.formats.websocket_samples import (
    PlainBook,
    archived_book,
    bitstamp_book,
    bitstamp_trade,
    bybit_book,
    coinbase_snapshot,
    collected,
    hyperliquid_book,
    hyperliquid_trades,
    kraken_checksum,
    okx_book,
    okx_checksum,
    okx_trade,
)
from tests.formats.websocket_samples import (
    bybit_trades as bybit_message,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.one_market.model import Levels


def _recorded_binance(folder: Path, told: Market, *, futures: bool, name: str) -> Path:
    """The REST snapshot comes after some of the diffs, and holds the first of them."""
    rows = []
    last_id = 100
    for each in told.in_order():
        if isinstance(each, Deal):
            more: dict[str, object] = {"X": "MARKET"} if futures else {}
            maker = each.side == "sell"
            rows.append(samples.binance_trade(each.at_ms, each.number, each.price, each.size, maker=maker, **more))
            continue
        previous = last_id if futures else None
        first_id, last_id = last_id + 1, last_id + 3
        levels = each.bids, each.asks
        rows.append(samples.binance_depth(each.at_ms, first_id, last_id, *levels, previous_id=previous))
    before = samples.binance_depth(
        told.updates[0].at_ms - 400, 95, 100, [("1.00", "7")], previous_id=94 if futures else None
    )
    rows = [before, *rows[:5], samples.binance_snapshot(told.updates[0].at_ms, 101, *told.snapshot), *rows[5:]]
    write(folder / name, lines(*rows))
    return folder


def binance_spot(folder: Path, told: Market) -> Path:
    """A recording of Binance's spot market."""
    return _recorded_binance(folder, told, futures=False, name="abcusdt_20240808.gz")


def binance_futures(folder: Path, told: Market) -> Path:
    """A recording of Binance's futures."""
    return _recorded_binance(folder, told, futures=True, name="abcusdt_perp_20240808.txt")


def okx_raw(folder: Path, told: Market) -> Path:
    """A recording of OKX with checksums."""
    book = PlainBook()
    book.update(*told.snapshot)
    ids: dict[str, Any] = {"checksum": okx_checksum(book), "prevSeqId": -1, "seqId": 0}
    rows = [okx_book(told.updates[0].at_ms, "snapshot", *told.snapshot, **ids)]
    number = 0
    for each in told.in_order():
        if isinstance(each, Deal):
            rows.append(okx_trade(each.at_ms, each.number, each.side, each.price, each.size))
            continue
        book.update(each.bids, each.asks)
        ids = {"checksum": okx_checksum(book), "prevSeqId": number, "seqId": number + 1}
        rows.append(okx_book(each.at_ms, "update", each.bids, each.asks, **ids))
        number += 1
    write(folder / "okx_20240808.txt.gz", lines(*rows))
    return folder


def bybit_raw(folder: Path, told: Market) -> Path:
    """A recording of Bybit."""
    number = 7
    rows = [bybit_book(told.updates[0].at_ms, "snapshot", number, *told.snapshot)]
    for each in told.in_order():
        if isinstance(each, Deal):
            rows.append(bybit_message(each.at_ms, (each.side.title(), each.price, each.size), i=f"t{each.number}"))
            continue
        number += 1
        rows.append(bybit_book(each.at_ms, "delta", number, each.bids, each.asks))
    write(folder / "bybit_2024-08-08.txt", lines(*rows))
    return folder


def _after_ns(at_ms: int, message: str) -> str:
    return f"{(DAY_MS + at_ms) * 10**6} {message}"


def kraken_raw(folder: Path, told: Market) -> Path:
    """A recording of Kraken, version 2, with checksums."""

    def texts(levels: Levels) -> str:
        return ",".join(f'{{"price":{price},"qty":{size}}}' for price, size in levels)

    def book_line(at_ms: int, kind: str, bids: Levels, asks: Levels) -> str:
        book.update(bids, asks)
        time = f',"timestamp":"{iso(at_ms)}"' if kind == "update" else ""
        fields = f'"symbol":"ABC/USD","bids":[{texts(bids)}],"asks":[{texts(asks)}],"checksum":{kraken_checksum(book)}'
        return _after_ns(at_ms, f'{{"channel":"book","type":"{kind}","data":[{{{fields}{time}}}]}}')

    book = PlainBook()
    rows = [book_line(told.updates[0].at_ms, "snapshot", *told.snapshot)]
    for each in told.in_order():
        if isinstance(each, Deal):
            fields = f'"symbol":"ABC/USD","side":"{each.side}","price":{each.price},"qty":{each.size}'
            fields += f',"ord_type":"market","trade_id":{each.number},"timestamp":"{iso(each.at_ms)}"'
            rows.append(_after_ns(each.at_ms, f'{{"channel":"trade","type":"update","data":[{{{fields}}}]}}'))
        else:
            rows.append(book_line(each.at_ms, "update", each.bids, each.asks))
    write(folder / "kraken_20240808.txt.gz", lines(*rows))
    return folder


def kraken_v1(folder: Path, told: Market) -> Path:
    """A recording of Kraken, version 1."""

    def timed(levels: Levels, at_ms: int) -> list[list[str]]:
        return [[*level, f"{(DAY_MS + at_ms) // 1000}.{at_ms % 1000:03d}000"] for level in levels]

    first_ms = told.updates[0].at_ms
    bids, asks = (timed(levels, first_ms - 5000) for levels in told.snapshot)
    rows = [_after_ns(first_ms, json.dumps([12, {"as": asks, "bs": bids}, "book-10", "ABC/USD"]))]
    for each in told.in_order():
        if isinstance(each, Deal):
            time = timed([("", "")], each.at_ms)[0][-1]
            trade = [each.price, each.size, time, each.side[0], "l", ""]
            rows.append(_after_ns(each.at_ms, json.dumps([13, [trade], "trade", "ABC/USD"])))
            continue
        changes = {key: timed(levels, each.at_ms) for key, levels in (("a", each.asks), ("b", each.bids)) if levels}
        rows.append(_after_ns(each.at_ms, json.dumps([12, changes, "book-10", "ABC/USD"])))
    write(folder / "kraken_20240808.txt", lines(*rows))
    return folder


_MAKER: Final = {"buy": "sell", "sell": "buy"}


def coinbase_raw(folder: Path, told: Market) -> Path:
    """A recording of Coinbase Exchange."""
    rows = [coinbase_snapshot(*told.snapshot)]
    for each in told.in_order():
        if isinstance(each, Deal):
            trade = {"side": _MAKER[each.side], "size": each.size, "price": each.price, "product_id": "ABC-USD"}
            ids = {"type": "match", "trade_id": each.number, "sequence": each.number + 50}
            rows.append(json.dumps(ids | trade | {"time": iso(each.at_ms)}))
            continue
        changes = [("buy", *level) for level in each.bids] + [("sell", *level) for level in each.asks]
        update = {"type": "l2update", "product_id": "ABC-USD", "changes": changes, "time": iso(each.at_ms)}
        rows.append(json.dumps(update))
    write(folder / "coinbase_20240808.txt", lines(*rows))
    return folder


def coinbase_advanced(folder: Path, told: Market) -> Path:
    """A recording of Coinbase's Advanced Trade."""

    def message(at_ms: int, channel: str, event: dict[str, Any]) -> str:
        envelope = {"channel": channel, "client_id": "", "timestamp": iso(at_ms), "sequence_num": 0}
        return json.dumps(envelope | {"events": [event]})

    def book_line(at_ms: int, kind: str, bids: Levels, asks: Levels) -> str:
        updates = [
            {"side": side, "event_time": iso(at_ms), "price_level": price, "new_quantity": size}
            for side, levels in (("bid", bids), ("offer", asks))
            for price, size in levels
        ]
        return message(at_ms, "l2_data", {"type": kind, "product_id": "ABC-USD", "updates": updates})

    rows = [book_line(told.updates[0].at_ms, "snapshot", *told.snapshot)]
    for each in told.in_order():
        if isinstance(each, Deal):
            trade = {"trade_id": str(each.number), "product_id": "ABC-USD", "price": each.price, "size": each.size}
            trade |= {"side": _MAKER[each.side].upper(), "time": iso(each.at_ms)}
            rows.append(message(each.at_ms, "market_trades", {"type": "update", "trades": [trade]}))
        else:
            rows.append(book_line(each.at_ms, "update", each.bids, each.asks))
    write(folder / "advanced_20240808.txt", lines(*rows))
    return folder


def _recorded_bitstamp(folder: Path, told: Market, *, whole: bool) -> Path:
    channel = "order_book" if whole else "diff_order_book"
    rows = []
    if not whole:
        # Older than the first change, as a snapshot that was fetched is; its time is that of the change all the same,
        # for the samples of the other formats.
        first_us = told.updates[0].at_ms * 1000
        rows.append(bitstamp_book(first_us, *told.updates[0].state, channel=channel, event="snapshot"))
    for each in told.in_order():
        if isinstance(each, Deal):
            kind = int(each.side == "sell")
            rows.append(bitstamp_trade(each.at_ms * 1000, each.number, kind, each.price, each.size))
            continue
        levels = each.state if whole else (each.bids, each.asks)
        rows.append(bitstamp_book(each.at_ms * 1000, *levels, channel=channel))
    write(folder / "bitstamp_20240808.txt.gz", lines(*rows))
    return folder


def bitstamp_changes(folder: Path, told: Market) -> Path:
    """A recording of Bitstamp's diff_order_book, with a snapshot that holds the first change."""
    return _recorded_bitstamp(folder, told, whole=False)


def bitstamp_states(folder: Path, told: Market) -> Path:
    """A recording of Bitstamp's order_book."""
    return _recorded_bitstamp(folder, told, whole=True)


def okx_archive(folder: Path, told: Market) -> Path:
    """OKX's two archives, of the book and of trades."""
    first_ms = told.updates[0].at_ms
    rows = [archived_book(first_ms, "snapshot", *told.snapshot)]
    rows += [archived_book(each.at_ms, "update", each.bids, each.asks) for each in told.updates]
    write(folder / "ABC-USDT-L2orderbook-400lv-2024-08-08.data", lines(*rows))
    return okx_trades(folder, told)


def hyperliquid_raw(folder: Path, told: Market) -> Path:
    """A recording of Hyperliquid."""
    sides = {"buy": "B", "sell": "A"}
    rows = [
        collected(each.at_ms, hyperliquid_trades(each.at_ms, (each.number, sides[each.side], each.price, each.size)))
        if isinstance(each, Deal)
        else collected(each.at_ms, hyperliquid_book(each.at_ms, *each.state))
        for each in told.in_order()
    ]
    write(folder / "abc_20240808.gz", lines(*rows))
    return folder
