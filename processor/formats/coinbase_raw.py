"""Coinbase websocket recordings, of Exchange and of Advanced Trade (docs/formats/coinbase_raw.md)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from processor.core.events import ASK, BID
from processor.formats.lines.line_prefix import iso_ns
from processor.formats.recordings.messages import BookMessage, TradeMessage, side_of
from processor.formats.recordings.websocket import WebsocketFormat

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from processor.formats.recordings.messages import Decoder, Level, Message

_BOOK: Final = "level2"
_SNAPSHOT: Final = "snapshot"
_UPDATE: Final = "update"
_NO_TIME: Final = "0001-"
_SIDES: Final = {"buy": BID, "bid": BID, "sell": ASK, "offer": ASK}


class _Message(msgspec.Struct, frozen=True, gc=False):
    type: str = ""
    product_id: str = ""
    channel: str = ""


class _Snapshot(msgspec.Struct, frozen=True, gc=False):
    bids: msgspec.Raw
    asks: msgspec.Raw
    time: str = _NO_TIME


class _Update(msgspec.Struct, frozen=True, gc=False):
    changes: list[tuple[str, str, str]]
    time: str


class _Match(msgspec.Struct, frozen=True, gc=False):
    trade_id: int
    price: str
    size: str
    side: str
    time: str


class _Change(msgspec.Struct, frozen=True, gc=False):
    side: str
    price_level: str
    new_quantity: str


class _BookEvent(msgspec.Struct, frozen=True, gc=False):
    type: str
    product_id: str
    updates: list[_Change]


class _Books(msgspec.Struct, frozen=True, gc=False):
    timestamp: str
    events: list[_BookEvent]


class _Trade(msgspec.Struct, frozen=True, gc=False):
    product_id: str
    trade_id: str
    price: str
    size: str
    side: str
    time: str


class _TradeEvent(msgspec.Struct, frozen=True, gc=False):
    type: str
    trades: list[_Trade]


class _Trades(msgspec.Struct, frozen=True, gc=False):
    events: list[_TradeEvent]


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_SNAPSHOTS: Final = msgspec.json.Decoder(_Snapshot)
_UPDATES: Final = msgspec.json.Decoder(_Update)
_MATCHES: Final = msgspec.json.Decoder(_Match)
_BOOKS: Final = msgspec.json.Decoder(_Books)
_TRADES: Final = msgspec.json.Decoder(_Trades)


class _CoinbaseRaw(WebsocketFormat):
    name = "coinbase-raw"
    title = "Coinbase websocket lines (level2, matches; Advanced Trade: level2, market_trades), one JSON message each"
    pattern = re.compile(
        rb'(?:(?:^|\s)\{\s*"type":\s*"(?:snapshot|l2update|match|last_match)"|"channel":\s*"(?:l2_data|market_trades)")'
        rb'[^\]}]*?"product_id":\s*"([^"]+)"',
        re.MULTILINE,
    )

    def decoder(self, instrument: str) -> Decoder:
        return partial(_decoded, instrument)

    def depth_of(self, channel: str) -> int:  # noqa: ARG002 - every channel is the full book
        return 0


FORMAT: Final = _CoinbaseRaw()


def _decoded(instrument: str, text: memoryview) -> Sequence[Message]:
    message = _MESSAGE.decode(text)
    if message.channel == "l2_data":
        return _books(instrument, _BOOKS.decode(text))
    if message.channel == "market_trades":
        return _trades(instrument, _TRADES.decode(text))
    return _exchange(message.type, text) if message.product_id == instrument else []


def _exchange(kind: str, text: memoryview) -> list[Message]:
    """A message of Exchange."""
    if kind == _SNAPSHOT:
        snapshot = _SNAPSHOTS.decode(text)
        time_ns = None if snapshot.time.startswith(_NO_TIME) else iso_ns(snapshot.time)
        return [BookMessage(_BOOK, time_ns, is_snapshot=True, bids=snapshot.bids, asks=snapshot.asks)]
    if kind == "l2update":
        update = _UPDATES.decode(text)
        bids, asks = _by_side(update.changes)
        return [BookMessage(_BOOK, iso_ns(update.time), is_snapshot=False, bids=bids, asks=asks)]
    if kind == "match":
        match = _MATCHES.decode(text)
        return [_trade(match, match.trade_id)]
    return []


def _books(instrument: str, message: _Books) -> list[Message]:
    """A message of Advanced Trade's level2, at the time it was sent: its snapshots have no other time."""
    found: list[Message] = []
    for event in message.events:
        if event.product_id != instrument:
            continue
        if event.type not in {_SNAPSHOT, _UPDATE}:
            msg = f"type {event.type[:40]!r} is neither snapshot nor update"
            raise ValueError(msg)
        bids, asks = _by_side((change.side, change.price_level, change.new_quantity) for change in event.updates)
        time_ns = iso_ns(message.timestamp)
        found.append(BookMessage(_BOOK, time_ns, is_snapshot=event.type == _SNAPSHOT, bids=bids, asks=asks))
    return found


def _trades(instrument: str, message: _Trades) -> list[Message]:
    """The trades of a message of Advanced Trade's market_trades, in the order of their ids."""
    trades = [
        trade
        for event in message.events
        if event.type == _UPDATE
        for trade in event.trades
        if trade.product_id == instrument
    ]
    for trade in trades:
        if not trade.trade_id.isdecimal():
            msg = f"trade_id {trade.trade_id[:40]!r} is not a number"
            raise ValueError(msg)
    return [_trade(trade, int(trade.trade_id)) for trade in sorted(trades, key=lambda trade: int(trade.trade_id))]


def _trade(trade: _Match | _Trade, trade_id: int) -> TradeMessage:
    """A trade; Coinbase sends the maker's side."""
    level = trade.price, trade.size
    return TradeMessage(iso_ns(trade.time), level, -side_of(trade.side), trade_id, trade_id - 1)


def _by_side(changes: Iterable[tuple[str, str, str]]) -> tuple[list[Level], list[Level]]:
    sides: tuple[list[Level], list[Level]] = ([], [])
    for name, price, size in changes:
        side = _SIDES.get(name)
        if side is None:
            msg = f"side {name[:40]!r} is not one of {', '.join(_SIDES)}"
            raise ValueError(msg)
        sides[side].append((price, size))
    return sides
