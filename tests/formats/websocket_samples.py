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
