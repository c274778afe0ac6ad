"""OKX websocket recordings (docs/formats/okx_raw.md)."""

from __future__ import annotations

import re
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Final
from zlib import crc32

import msgspec

from processor.core.events import ASK, BID
from processor.formats.lines.line_prefix import epoch_ns
from processor.formats.recordings.messages import BookMessage, TradeMessage, side_of
from processor.formats.recordings.websocket import WebsocketFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.recordings.messages import Decoder, Message
    from processor.formats.recordings.text_book import TextBook

_CHANNELS: Final = {"bbo-tbt": 1, "books5": 5, "books50-l2-tbt": 50, "books": 400, "books-l2-tbt": 401}
"""The book channels by depth; of the two with 400 levels, the one that sends every change is preferred."""
_CHECKED_LEVELS: Final = 25
_SIGN: Final = 1 << 31
_SNAPSHOT: Final = "snapshot"
_UPDATE: Final = "update"


class _Argument(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    channel: str = ""
    inst_id: str = ""


class _Message(msgspec.Struct, frozen=True, gc=False):
    arg: _Argument = _Argument()
    action: str = _SNAPSHOT
    data: msgspec.Raw = msgspec.Raw(b"[]")


class _Book(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    asks: msgspec.Raw
    bids: msgspec.Raw
    ts: str
    checksum: int | None = None
    prev_seq_id: int | None = None
    seq_id: int | None = None


class _Trade(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    trade_id: str
    px: str
    sz: str
    side: str
    ts: str


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_BOOKS: Final = msgspec.json.Decoder(list[_Book])
_TRADES: Final = msgspec.json.Decoder(list[_Trade])


class _OkxRaw(WebsocketFormat):
    name = "okx-raw"
    title = "OKX websocket lines (books, trades), one JSON message each, with or without a local time before it"
    pattern = re.compile(
        rb'"arg":\s*\{\s*"channel":\s*"(?:bbo-tbt|books5|books50-l2-tbt|books|books-l2-tbt|trades)",'
        rb'\s*"instId":\s*"([^"]+)"'
    )

    def decoder(self, instrument: str) -> Decoder:
        return partial(_decoded, instrument)

    def depth_of(self, channel: str) -> int:
        return _CHANNELS[channel]

    @staticmethod
    def checksum(book: TextBook) -> int:
        """CRC-32 as a signed number over best bid, best ask, second bid, ... of 25 levels, `price:size` each."""
        pairs = zip_longest(book.best(BID, _CHECKED_LEVELS), book.best(ASK, _CHECKED_LEVELS))
        texts = [":".join(level) for pair in pairs for level in pair if level]
        unsigned = crc32(":".join(texts).encode())
        return unsigned - 2 * _SIGN if unsigned >= _SIGN else unsigned


FORMAT: Final = _OkxRaw()


def _decoded(instrument: str, text: memoryview) -> Sequence[Message]:
    message = _MESSAGE.decode(text)
    channel = message.arg.channel
    if message.arg.inst_id != instrument:
        return []
    if channel == "trades":
        return [
            TradeMessage(epoch_ns(trade.ts), (trade.px, trade.sz), side_of(trade.side), trade.trade_id)
            for trade in _TRADES.decode(message.data)
        ]
    if channel not in _CHANNELS:
        return []
    if message.action not in {_SNAPSHOT, _UPDATE}:
        msg = f"action {message.action[:40]!r} is neither snapshot nor update"
        raise ValueError(msg)
    return [
        BookMessage(
            channel=channel,
            time_ns=epoch_ns(book.ts),
            is_snapshot=message.action == _SNAPSHOT,
            bids=book.bids,
            asks=book.asks,
            previous_id=book.prev_seq_id,
            last_id=book.seq_id,
            checksum=book.checksum or None,  # 0 means that OKX computes none
        )
        for book in _BOOKS.decode(message.data)
    ]
