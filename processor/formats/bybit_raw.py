"""Bybit websocket recordings and order book archives (docs/formats/bybit_raw.md)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from processor.formats.lines.line_prefix import epoch_ns
from processor.formats.recordings.messages import NO_LEVELS, BookMessage, TradeMessage, side_of
from processor.formats.recordings.websocket import WebsocketFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.recordings.messages import Decoder, Message

_BOOK: Final = "orderbook"
_TRADE: Final = "publicTrade"
_SNAPSHOT: Final = "snapshot"
_DELTA: Final = "delta"
_DEPTH: Final = re.compile(r"[0-9]{1,5}")


class _Message(msgspec.Struct, frozen=True, gc=False):
    topic: str = ""
    type: str = ""
    ts: int = 0
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Book(msgspec.Struct, frozen=True, gc=False, rename={"bids": "b", "asks": "a", "update_id": "u"}):
    update_id: int
    bids: msgspec.Raw = NO_LEVELS
    asks: msgspec.Raw = NO_LEVELS


class _Trade(
    msgspec.Struct,
    frozen=True,
    gc=False,
    rename={"time": "T", "side": "S", "size": "v", "price": "p", "trade_id": "i", "is_block": "BT"},
):
    time: int
    side: str
    size: str
    price: str
    trade_id: str
    is_block: bool = False


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_BOOK_DATA: Final = msgspec.json.Decoder(_Book)
_TRADE_DATA: Final = msgspec.json.Decoder(list[_Trade])


class _BybitRaw(WebsocketFormat):
    name = "bybit-raw"
    title = "Bybit websocket lines (orderbook, publicTrade) and order book archives, one JSON message each"
    pattern = re.compile(rb'"topic":\s*"(?:orderbook\.\d+|publicTrade)\.([^"]+)"')

    def decoder(self, instrument: str) -> Decoder:
        return partial(_decoded, instrument)

    def depth_of(self, channel: str) -> int:
        return int(channel)


FORMAT: Final = _BybitRaw()


def _decoded(instrument: str, text: memoryview) -> Sequence[Message]:
    message = _MESSAGE.decode(text)
    kind, _, rest = message.topic.partition(".")
    if kind == _TRADE and rest == instrument:
        return [
            TradeMessage(epoch_ns(trade.time), (trade.price, trade.size), side_of(trade.side), trade.trade_id)
            for trade in _TRADE_DATA.decode(message.data)
            if not trade.is_block
        ]
    depth, _, symbol = rest.partition(".")
    if kind != _BOOK or symbol != instrument or not _DEPTH.fullmatch(depth):
        return []
    if message.type not in {_SNAPSHOT, _DELTA}:
        msg = f"type {message.type[:40]!r} is neither snapshot nor delta"
        raise ValueError(msg)
    book = _BOOK_DATA.decode(message.data)
    return [
        BookMessage(
            channel=depth,
            time_ns=epoch_ns(message.ts),
            is_snapshot=message.type == _SNAPSHOT,
            bids=book.bids,
            asks=book.asks,
            previous_id=book.update_id - 1,
            last_id=book.update_id,
        )
    ]
