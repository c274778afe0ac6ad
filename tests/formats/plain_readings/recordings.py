"""Recordings of websockets, one message a line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from tests.formats.plain_readings.said import BOOK_SIDES, SIDES, epoch_ns, iso_ns
from tests.reference import ASK, BID, BUY, CLEAR, SELL, ZERO, BookEvent, Trade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.formats.plain_readings.said import Event, Reading, Said


def _messages(said: Said, files: str = "*") -> Iterator[tuple[int | None, Any]]:
    """The messages with the times of their receipt; numbers with a point stay texts."""
    for _, _, row in said.rows(files):
        found = re.match(rb"(?:(\d+(?:\.\d+)?):? )?(?=[\[{])", row)
        assert found, row
        local_ns = None if found[1] is None else epoch_ns(found[1].decode())
        yield local_ns, json.loads(row[found.end() :], parse_float=str)


def _levels(time_ns: int, bids: Any, asks: Any) -> list[BookEvent]:
    return [
        BookEvent(time_ns, side, Decimal(str(price)), Decimal(str(size)))
        for side, levels in ((BID, bids), (ASK, asks))
        for price, size, *_ in levels
    ]


def snapshot(time_ns: int, bids: Any, asks: Any) -> list[BookEvent]:
    return [BookEvent(time_ns, CLEAR, ZERO, ZERO), *_levels(time_ns, bids, asks)]


@dataclass
class _Timeless:
    """A snapshot without a time waits for the update that follows it, and takes its time."""

    waiting: tuple[Any, Any] | None = None

    def dated(self, time_ns: int) -> list[BookEvent]:
        found = [] if self.waiting is None else snapshot(time_ns, *self.waiting)
        self.waiting = None
        return found


class _Numbered:
    """A book whose updates take effect in the order of their numbers, a snapshot with the first that follows it.

    That one has the snapshot's number or, where they are `apart`, a higher one.
    """

    def __init__(self, *, apart: bool) -> None:
        self._apart = apart
        self._diffs: list[tuple[int, int, Any]] = []
        self._placed: list[tuple[int, int, list[BookEvent]]] = []
        self._waiting: Any = None
        self._latest = -1, 0
        """The highest number, and the latest time by now."""

    def snapshot(self, message: Any) -> None:
        later = [(number, at_ns) for at_ns, number, _ in self._diffs if self._follows(number, message)]
        if later:
            self._place(message, min(later)[1])
        else:
            self._waiting = message

    def diff(self, message: Any) -> None:
        number, time_ns = message["u"], epoch_ns(message["E"])
        if self._waiting and self._follows(number, self._waiting):
            self._place(self._waiting, time_ns)
            self._waiting = None
        highest, latest_ns = self._latest
        if number > highest:
            time_ns = max(time_ns, latest_ns if self._placed else 0)
            self._latest = number, time_ns
        self._diffs.append((time_ns, number, message))

    def events(self) -> Iterator[BookEvent]:
        found = list(self._placed)
        for time_ns, number, message in self._diffs if found else ():
            at_ns = max(time_ns, found[0][0])
            if number >= found[0][1] + self._apart:
                found.append((at_ns, number, _levels(at_ns, message["b"], message["a"])))
        for _, _, events in sorted(found, key=lambda each: each[:2]):
            yield from events

    def _follows(self, number: int, message: Any) -> bool:
        return number >= int(message["lastUpdateId"]) + self._apart

    def _place(self, message: Any, time_ns: int) -> None:
        highest, latest_ns = self._latest
        self._latest = highest, max(latest_ns, time_ns) if self._placed else time_ns
        self._placed.append((time_ns, message["lastUpdateId"], snapshot(time_ns, message["bids"], message["asks"])))


def binance(*, futures: bool) -> Reading:
    def reading(said: Said) -> Iterator[Event]:
        book = _Numbered(apart=not futures)
        for _, line in _messages(said):
            message = line.get("data", line)
            if message.get("e") == "trade":
                side = SELL if message["m"] else BUY
                yield Trade(epoch_ns(message["T"]), Decimal(message["p"]), Decimal(message["q"]), side)
            elif "lastUpdateId" in message:
                book.snapshot(message)
            else:
                book.diff(message)
        yield from book.events()

    return reading


def okx(said: Said) -> Iterator[Event]:
    for _, message in _messages(said):
        for entry in message["data"]:
            time_ns = epoch_ns(entry["ts"])
            if message["arg"]["channel"] == "trades":
                yield Trade(time_ns, Decimal(entry["px"]), Decimal(entry["sz"]), SIDES[entry["side"]])
            else:
                of_kind = snapshot if message["action"] == "snapshot" else _levels
                yield from of_kind(time_ns, entry["bids"], entry["asks"])


def okx_archive(said: Said) -> Iterator[Event]:
    for _, message in _messages(said, "*.data"):
        of_kind = snapshot if message["action"] == "snapshot" else _levels
        yield from of_kind(epoch_ns(message["ts"]), message["bids"], message["asks"])


def hyperliquid(said: Said) -> Iterator[Event]:
    for _, message in _messages(said):
        if message["channel"] == "trades":
            for entry in message["data"]:
                side = BUY if entry["side"] == "B" else SELL
                yield Trade(epoch_ns(entry["time"]), Decimal(entry["px"]), Decimal(entry["sz"]), side)
        else:
            sides = [[(level["px"], level["sz"]) for level in side] for side in message["data"]["levels"]]
            yield from snapshot(epoch_ns(message["data"]["time"]), sides[0], sides[1])


def bybit(said: Said) -> Iterator[Event]:
    for _, message in _messages(said):
        if message["topic"].startswith("publicTrade"):
            for entry in message["data"]:
                side = SIDES[entry["S"].lower()]
                yield Trade(epoch_ns(entry["T"]), Decimal(entry["p"]), Decimal(entry["v"]), side)
        else:
            of_kind = snapshot if message["type"] == "snapshot" else _levels
            yield from of_kind(epoch_ns(message["ts"]), message["data"]["b"], message["data"]["a"])


def kraken(said: Said) -> Iterator[Event]:
    first = _Timeless()
    for _, message in _messages(said):
        for entry in message["data"]:
            if message["channel"] == "trade":
                time_ns = iso_ns(entry["timestamp"])
                yield Trade(time_ns, Decimal(str(entry["price"])), Decimal(str(entry["qty"])), SIDES[entry["side"]])
                continue
            sides = [[(level["price"], level["qty"]) for level in entry[side]] for side in ("bids", "asks")]
            if message["type"] == "snapshot":
                first.waiting = sides[0], sides[1]
            else:
                time_ns = iso_ns(entry["timestamp"])
                yield from first.dated(time_ns)
                yield from _levels(time_ns, *sides)


def kraken_v1(said: Said) -> Iterator[Event]:
    first = _Timeless()
    for _, (_, data, channel, _) in _messages(said):
        if channel == "trade":
            for price, size, time, side, *_ in data:
                yield Trade(epoch_ns(time), Decimal(price), Decimal(size), SIDES[side])
        elif "as" in data:
            first.waiting = data["bs"], data["as"]
        else:
            sides = data.get("b", []), data.get("a", [])
            time_ns = max(epoch_ns(level[2]) for side in sides for level in side)
            yield from first.dated(time_ns)
            yield from _levels(time_ns, *sides)


_MAKER: Final = {"buy": SELL, "sell": BUY}
"""The aggressor, by the side of the resting order."""


def coinbase(said: Said) -> Iterator[Event]:
    first = _Timeless()
    for _, message in _messages(said):
        if message["type"] == "snapshot":
            first.waiting = message["bids"], message["asks"]
            continue
        time_ns = iso_ns(message["time"])
        if message["type"] == "match":
            yield Trade(time_ns, Decimal(message["price"]), Decimal(message["size"]), _MAKER[message["side"]])
        else:
            yield from first.dated(time_ns)
            for side, price, size in message["changes"]:
                yield BookEvent(time_ns, BOOK_SIDES[side], Decimal(price), Decimal(size))


def coinbase_advanced(said: Said) -> Iterator[Event]:
    for _, message in _messages(said):
        time_ns = iso_ns(message["timestamp"])
        for event in message["events"]:
            for trade in event.get("trades", []):
                side = _MAKER[trade["side"].lower()]
                yield Trade(iso_ns(trade["time"]), Decimal(trade["price"]), Decimal(trade["size"]), side)
            if event["type"] == "snapshot":
                yield BookEvent(time_ns, CLEAR, ZERO, ZERO)
            for update in event.get("updates", []):
                side = BOOK_SIDES[update["side"]]
                yield BookEvent(time_ns, side, Decimal(update["price_level"]), Decimal(update["new_quantity"]))


def bitstamp(said: Said) -> Iterator[Event]:
    """A snapshot of diff_order_book holds the changes of its time and of before."""
    snapshots_ns: set[int] = set()
    changes: list[tuple[int, Any]] = []
    for _, message in _messages(said):
        data = message["data"]
        time_ns = epoch_ns(data["microtimestamp"])
        if message["event"] == "trade":
            side = (BUY, SELL)[data["type"]]
            yield Trade(time_ns, Decimal(data["price_str"]), Decimal(data["amount_str"]), side)
        elif message["event"] == "snapshot" or message["channel"].startswith("order_book"):
            snapshots_ns.add(time_ns)
            yield from snapshot(time_ns, data["bids"], data["asks"])
        else:
            changes.append((time_ns, data))
    for time_ns, data in changes:
        if time_ns not in snapshots_ns:
            yield from _levels(time_ns, data["bids"], data["asks"])
