"""Hyperliquid websocket recordings, and its archive of books (docs/formats/hyperliquid_raw.md)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from processor.core.events import BUY, SELL
from processor.formats.lines.line_prefix import epoch_ns, iso_ns
from processor.formats.recordings.messages import BookMessage, TradeMessage
from processor.formats.recordings.websocket import WebsocketFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.recordings.messages import Decoder, Level, Message

_BOOK: Final = "l2Book"
_TRADES: Final = "trades"
_AGGRESSORS: Final = {"B": BUY, "A": SELL}
"""The aggressor by the side of the taker's order."""
_NOTHING: Final = msgspec.Raw(b"null")


class _Raw(msgspec.Struct, frozen=True, gc=False):
    channel: str = ""
    data: msgspec.Raw = _NOTHING


class _Message(msgspec.Struct, frozen=True, gc=False):
    """A message, or an object of the archive that contains one; then `time` is its time of receipt."""

    channel: str = ""
    data: msgspec.Raw = _NOTHING
    raw: _Raw | None = None
    time: str | int | None = None


class _Level(msgspec.Struct, frozen=True, gc=False):
    px: str
    sz: str


class _Book(msgspec.Struct, frozen=True, gc=False):
    coin: str
    time: int
    levels: tuple[list[_Level], list[_Level]]


class _Trade(msgspec.Struct, frozen=True, gc=False):
    coin: str
    side: str
    px: str
    sz: str
    time: int
    tid: int


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_BOOK_DATA: Final = msgspec.json.Decoder(_Book)
_TRADE_DATA: Final = msgspec.json.Decoder(list[_Trade])


class _HyperliquidRaw(WebsocketFormat):
    name = "hyperliquid-raw"
    title = "Hyperliquid websocket lines (l2Book, trades), one JSON message each, and its archive of l2Book"
    pattern = re.compile(
        rb'"channel":\s*"(?:l2Book|trades)",\s*"data":\s*(?:\{|\[\s*\{)\s*(?:"(?:time|hash)":[^,]*,\s*)*"coin":\s*"([^"]+)"'
    )

    def decoder(self, instrument: str) -> Decoder:
        return partial(_decoded, instrument)

    def depth_of(self, channel: str) -> int:  # noqa: ARG002 - there is one channel of books
        return 0


FORMAT: Final = _HyperliquidRaw()


def _decoded(instrument: str, text: memoryview) -> Sequence[Message]:
    outer = _MESSAGE.decode(text)
    message = outer.raw or outer
    if message.channel == _BOOK:
        book = _BOOK_DATA.decode(message.data)
        received_ns = None if outer.raw is None else _received_ns(outer.time)
        return [_snapshot(book, received_ns)] if book.coin == instrument else []
    if message.channel != _TRADES:
        return []
    trades = [trade for trade in _TRADE_DATA.decode(message.data) if trade.coin == instrument]
    for trade in trades:
        if trade.side not in _AGGRESSORS:
            msg = f"side {trade.side[:40]!r} is neither B (bought) nor A (sold)"
            raise ValueError(msg)
    return [_trade(trade) for trade in trades]


def _trade(trade: _Trade) -> TradeMessage:
    """A trade: its `tid` is a hash of the two orders, unique only among trades of one time."""
    trade_id = f"{trade.tid} of {trade.time}"
    return TradeMessage(epoch_ns(trade.time), (trade.px, trade.sz), _AGGRESSORS[trade.side], trade_id)


def _snapshot(book: _Book, received_ns: int | None) -> BookMessage:
    bids, asks = (_levels(side) for side in book.levels)
    return BookMessage(_BOOK, epoch_ns(book.time), is_snapshot=True, bids=bids, asks=asks, received_ns=received_ns)


def _levels(side: list[_Level]) -> list[Level]:
    return [(level.px, level.sz) for level in side]


def _received_ns(time: str | int | None) -> int | None:
    """The archive's time of receipt: ISO in UTC without a zone, or milliseconds."""
    if time is None:
        return None
    return iso_ns(f"{time.removesuffix('Z')}Z") if isinstance(time, str) and "T" in time else epoch_ns(time)
