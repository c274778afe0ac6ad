"""Kraken websocket recordings, of both versions of its interface (docs/formats/kraken_raw.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from zlib import crc32

import msgspec

from processor.core.events import ASK, BID, BUY, SELL
from processor.formats.lines.line_prefix import epoch_ns, iso_ns
from processor.formats.recordings.messages import BookMessage, TradeMessage, side_of
from processor.formats.recordings.text_book import unquoted
from processor.formats.recordings.websocket import WebsocketFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.recordings.messages import Decoder, Level, Message
    from processor.formats.recordings.text_book import TextBook

_DEPTHS: Final = (10, 25, 100, 500, 1000)
_CHECKED_LEVELS: Final = 10
_DEPTH: Final = re.compile(r"[0-9]{1,5}")
_BOOK: Final = "book"
_TRADE: Final = "trade"
_SNAPSHOT: Final = "snapshot"
_UPDATE: Final = "update"
_V1_SIDES: Final = {"b": BUY, "s": SELL}


class _Result(msgspec.Struct, frozen=True, gc=False):
    channel: str = ""
    symbol: str = ""
    depth: int | None = None


class _Message(msgspec.Struct, frozen=True, gc=False):
    channel: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")
    result: _Result | None = None


class _Level(msgspec.Struct, frozen=True, gc=False):
    price: msgspec.Raw
    qty: msgspec.Raw


class _Book(msgspec.Struct, frozen=True, gc=False):
    symbol: str
    bids: list[_Level] = []
    asks: list[_Level] = []
    checksum: int | None = None
    timestamp: str | None = None


class _Trade(msgspec.Struct, frozen=True, gc=False):
    symbol: str
    side: str
    price: msgspec.Raw
    qty: msgspec.Raw
    trade_id: int
    timestamp: str


class _V1Book(msgspec.Struct, frozen=True, gc=False, rename={"checksum": "c", "first_asks": "as", "first_bids": "bs"}):
    a: list[list[str]] = []
    b: list[list[str]] = []
    first_asks: list[list[str]] | None = None
    first_bids: list[list[str]] | None = None
    checksum: str | None = None


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_BOOKS: Final = msgspec.json.Decoder(list[_Book])
_TRADES: Final = msgspec.json.Decoder(list[_Trade])
_V1_MESSAGE: Final = msgspec.json.Decoder(list[msgspec.Raw])
_V1_TRADES: Final = msgspec.json.Decoder(list[list[str]])
_V1_BOOK: Final = msgspec.json.Decoder(_V1Book)
_TEXT: Final = msgspec.json.Decoder(str)


class _KrakenRaw(WebsocketFormat):
    name = "kraken-raw"
    title = "Kraken websocket lines (book, trade; version 2 or 1), one JSON message each"
    pattern = re.compile(
        rb'(?:"channel":\s*"(?:book|trade)",\s*"type":\s*"[a-z]+",\s*"data":\s*\[\s*\{\s*"symbol":'
        rb'|"(?:book-\d+|trade)",)\s*"([A-Z0-9.]+/[A-Z0-9.]+)"'
    )

    def decoder(self, instrument: str) -> Decoder:
        return _Decoder(instrument)

    def depth_of(self, channel: str) -> int:
        return int(channel.partition("-")[2] or 0)

    @staticmethod
    def checksum(book: TextBook) -> int:
        """CRC-32 over the ten best asks and then bids: the digits of price and size without leading zeros."""
        levels = book.best(ASK, _CHECKED_LEVELS) + book.best(BID, _CHECKED_LEVELS)
        return crc32("".join(text.replace(".", "").lstrip("0") for level in levels for text in level).encode())


FORMAT: Final = _KrakenRaw()


class _Decoder:
    """Decodes messages, and keeps the subscribed depth of the book."""

    def __init__(self, instrument: str) -> None:
        self._instrument = instrument
        self._depth: int | None = None

    def __call__(self, text: memoryview) -> Sequence[Message]:
        if bytes(text[:1]) == b"[":
            return _decoded_v1(self._instrument, text)
        message = _MESSAGE.decode(text)
        subscribed = message.result
        if subscribed and subscribed.channel == _BOOK and subscribed.symbol == self._instrument:
            self._depth = subscribed.depth
        if message.channel == _TRADE and message.type == _UPDATE:
            return self._trades(message)
        if message.channel == _BOOK:
            return self._books(message)
        return []

    def _trades(self, message: _Message) -> list[Message]:
        return [
            TradeMessage(
                time_ns=iso_ns(trade.timestamp),
                level=(unquoted(trade.price), unquoted(trade.qty)),
                aggressor=side_of(trade.side),
                trade_id=trade.trade_id,
                previous_id=trade.trade_id - 1,
            )
            for trade in _TRADES.decode(message.data)
            if trade.symbol == self._instrument
        ]

    def _books(self, message: _Message) -> list[Message]:
        if message.type not in {_SNAPSHOT, _UPDATE}:
            msg = f"type {message.type[:40]!r} is neither snapshot nor update"
            raise ValueError(msg)
        is_snapshot = message.type == _SNAPSHOT
        found: list[Message] = []
        for book in _BOOKS.decode(message.data):
            if book.symbol != self._instrument:
                continue
            if book.timestamp is None and not is_snapshot:
                msg = "an update without a timestamp"
                raise ValueError(msg)
            found.append(
                BookMessage(
                    channel=_BOOK,
                    time_ns=None if book.timestamp is None else iso_ns(book.timestamp),
                    is_snapshot=is_snapshot,
                    bids=[(unquoted(level.price), unquoted(level.qty)) for level in book.bids],
                    asks=[(unquoted(level.price), unquoted(level.qty)) for level in book.asks],
                    checksum=book.checksum,
                    depth=self._depth or _depth_of_at_least(max(len(book.bids), len(book.asks))),
                )
            )
        return found


def _depth_of_at_least(levels: int) -> int:
    return next((depth for depth in _DEPTHS if depth >= levels), _DEPTHS[-1])


def _decoded_v1(instrument: str, text: memoryview) -> Sequence[Message]:
    """A message of the first version: `[number, data, ..., channel, instrument]`."""
    parts = _V1_MESSAGE.decode(text)
    if len(parts) < 4:  # noqa: PLR2004 - a number, data, a channel and an instrument
        return []
    channel, symbol = _TEXT.decode(parts[-2]), _TEXT.decode(parts[-1])
    if symbol != instrument:
        return []
    if channel == _TRADE:
        return [_v1_trade(trade) for trade in _V1_TRADES.decode(parts[1])]
    if not channel.startswith(f"{_BOOK}-"):
        return []
    books = [_V1_BOOK.decode(part) for part in parts[1:-2]]
    if books[0].first_asks is not None or books[0].first_bids is not None:
        return [_v1_book(channel, books[0].first_bids or [], books[0].first_asks or [], is_snapshot=True)]
    bids = [level for book in books for level in book.b]
    asks = [level for book in books for level in book.a]
    checksum = next((book.checksum for book in books if book.checksum is not None), None)
    if checksum is not None and not checksum.isdecimal():
        msg = f"checksum {checksum[:40]!r} is not a number"
        raise ValueError(msg)
    found = _v1_book(channel, bids, asks, is_snapshot=False, checksum=None if checksum is None else int(checksum))
    return [found]


def _v1_book(
    channel: str, bids: list[list[str]], asks: list[list[str]], *, is_snapshot: bool, checksum: int | None = None
) -> BookMessage:
    depth = channel.partition("-")[2]
    if not _DEPTH.fullmatch(depth):
        msg = f"channel {channel[:40]!r} does not name its depth"
        raise ValueError(msg)
    if not is_snapshot and not bids and not asks:
        msg = "an update without a level"
        raise ValueError(msg)
    try:
        # Each level of a snapshot has the time of its last change, which does not give the time of the snapshot.
        time_ns = None if is_snapshot else max(epoch_ns(level[2]) for level in [*bids, *asks])
        return BookMessage(channel, time_ns, is_snapshot, _v1(bids), _v1(asks), checksum=checksum, depth=int(depth))
    except IndexError:
        msg = "a level is not a price, a size and a time"
        raise ValueError(msg) from None


def _v1(levels: list[list[str]]) -> list[Level]:
    return [(level[0], level[1]) for level in levels]


def _v1_trade(trade: list[str]) -> TradeMessage:
    if len(trade) < 4 or trade[3] not in _V1_SIDES:  # noqa: PLR2004 - price, size, time and side
        msg = "a trade is not a price, a size, a time, b or s, and more"
        raise ValueError(msg)
    return TradeMessage(epoch_ns(trade[2]), (trade[0], trade[1]), _V1_SIDES[trade[3]], None)
