"""Bitstamp websocket recordings (docs/formats/bitstamp_raw.md)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from processor.core.events import BUY, SELL
from processor.formats.lines.line_prefix import epoch_ns
from processor.formats.recordings.messages import BookMessage, TradeMessage
from processor.formats.recordings.websocket import WebsocketFormat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from processor.formats.recordings.messages import Decoder, Message

_STATES: Final = "order_book"
_CHANGES: Final = "diff_order_book"
_TRADES: Final = "live_trades"
_RANK: Final = {_CHANGES: 0, _STATES: 1}
_AGGRESSORS: Final = (BUY, SELL)


class _Message(msgspec.Struct, frozen=True, gc=False):
    channel: str = ""
    event: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Book(msgspec.Struct, frozen=True, gc=False):
    microtimestamp: str
    bids: msgspec.Raw
    asks: msgspec.Raw


class _Trade(msgspec.Struct, frozen=True, gc=False):
    id: int
    microtimestamp: str
    type: int
    price: msgspec.Raw = msgspec.Raw()
    amount: msgspec.Raw = msgspec.Raw()
    price_str: str | None = None
    amount_str: str | None = None


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_BOOK: Final = msgspec.json.Decoder(_Book)
_TRADE: Final = msgspec.json.Decoder(_Trade)


class _BitstampRaw(WebsocketFormat):
    name = "bitstamp-raw"
    title = "Bitstamp websocket lines (order_book, diff_order_book, live_trades), one JSON message each"
    pattern = re.compile(rb'"channel":\s*"(?:order_book|diff_order_book|live_trades)_([a-z0-9/_-]+)"')

    def decoder(self, instrument: str) -> Decoder:
        return partial(_decoded, {f"{kind}_{instrument}": kind for kind in (_STATES, _CHANGES, _TRADES)})

    def depth_of(self, channel: str) -> int:
        return _RANK[channel]


FORMAT: Final = _BitstampRaw()


def _decoded(channels: Mapping[str, str], text: memoryview) -> Sequence[Message]:
    message = _MESSAGE.decode(text)
    kind = channels.get(message.channel)
    if kind == _TRADES and message.event == "trade":
        return [_trade(_TRADE.decode(message.data))]
    if kind not in _RANK or message.event not in {"data", "snapshot"}:
        return []
    book = _BOOK.decode(message.data)
    return [
        BookMessage(
            channel=kind,
            time_ns=epoch_ns(book.microtimestamp),
            is_snapshot=kind == _STATES or message.event == "snapshot",
            bids=book.bids,
            asks=book.asks,
            is_fetched=kind == _CHANGES,
        )
    ]


def _trade(trade: _Trade) -> TradeMessage:
    if trade.type not in {0, 1}:
        msg = f"type {trade.type} is neither 0 (buy) nor 1 (sell)"
        raise ValueError(msg)
    price = bytes(trade.price).decode() if trade.price_str is None else trade.price_str
    size = bytes(trade.amount).decode() if trade.amount_str is None else trade.amount_str
    return TradeMessage(epoch_ns(trade.microtimestamp), (price, size), _AGGRESSORS[trade.type], trade.id)
