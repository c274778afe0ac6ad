"""Records and messages of bytes, and single orders, which make the levels of a book."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.formats.cells import messages_of_iex
from tests.formats.plain_readings.said import BOOK_SIDES, NEW_YORK_NS, SIDES, state
from tests.reference import ASK, BID, BUY, CLEAR, SELL, UNKNOWN, ZERO, BookEvent, Trade

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.formats.plain_readings.said import Event, Reading, Said

_ABSENT: Final = 2**63 - 1
_SIERRA_EPOCH_US: Final = (datetime(1970, 1, 1, tzinfo=UTC) - datetime(1899, 12, 30, tzinfo=UTC)).days * 86_400 * 10**6


@dataclass(frozen=True)
class Order:
    """What happens to an order: A, M, C, R (all are gone), T (a trade), or another letter."""

    time_ns: int
    action: str
    side: str
    price: Decimal
    size: Decimal
    number: int


def of_orders(rows: Iterable[Order]) -> Iterator[Event]:
    """The level after each change, which is the sum of the orders there.

    The changes happen in the order of the rows; one whose time is before that of another above happens when that does.
    """
    resting: dict[int, tuple[int, Decimal, Decimal]] = {}
    now_ns = 0

    def level(side: int, price: Decimal) -> BookEvent:
        total = sum((size for at, of, size in resting.values() if (at, of) == (side, price)), ZERO)
        return BookEvent(now_ns, side, price, total)

    for row in rows:
        if row.action == "T":
            yield Trade(row.time_ns, row.price, row.size, SIDES.get(row.side.lower(), UNKNOWN))
            continue
        if row.action in {"R", "A", "M", "C"} and row.time_ns > now_ns:
            now_ns = row.time_ns
        if row.action == "R":
            resting = {}
            yield BookEvent(now_ns, CLEAR, ZERO, ZERO)
        elif row.action in {"A", "M"}:
            before = resting.pop(row.number, None)
            side = BOOK_SIDES[row.side.lower()]
            resting[row.number] = side, row.price, row.size
            if before is not None and before[:2] != (side, row.price):
                yield level(*before[:2])
            yield level(side, row.price)
        elif row.action == "C" and row.number in resting:
            side, price, size = resting.pop(row.number)
            if size > row.size:
                resting[row.number] = side, price, size - row.size
            yield level(side, price)


def _as_received(rows: Iterable[tuple[int, Order]]) -> list[Order]:
    """Orders by their times of receipt; for one that is a day off, and so damaged, stands the order's own time."""
    day_ns = 86_400 * 10**9
    sound = [(at if abs(at - order.time_ns) < day_ns else order.time_ns, order) for at, order in rows]
    return [order for _, order in sorted(sound, key=lambda each: each[0])]


def csv_orders(said: Said) -> Iterator[Event]:
    rows = (
        (
            int(row["ts_recv"]),
            Order(
                int(row["ts_event"]),
                row["action"],
                row["side"],
                Decimal(row["price"] or 0),
                Decimal(row["size"]),
                int(row["order_id"]),
            ),
        )
        for row in said.cells("*.csv")
    )
    return of_orders(_as_received(rows))


def _fixed(price: int) -> Decimal | None:
    return None if price == _ABSENT else Decimal(price).scaleb(-9)


_DBN_HEADER: Final = "<BBHIQ"
_DBN_ORDER: Final = struct.Struct(_DBN_HEADER + "QqIBBccQiI")
_DBN_TRADE: Final = struct.Struct(_DBN_HEADER + "qIccBBQiI")
_DBN_LEVEL: Final = struct.Struct("<qqIIII")


def dbn_orders(said: Said) -> Iterator[Event]:
    def orders() -> Iterator[tuple[int, Order]]:
        for _, _, row in said.rows("*.dbn*"):
            _, _, _, _, time_ns, number, price, size, _, _, action, side, received_ns, *_ = _DBN_ORDER.unpack(row)
            order = Order(time_ns, action.decode(), side.decode(), _fixed(price) or ZERO, Decimal(size), number)
            yield received_ns, order

    return of_orders(_as_received(orders()))


def dbn(files: str, *, sampled: bool = False, book: bool = True) -> Reading:
    def reading(said: Said) -> Iterator[Event]:
        for _, _, row in said.rows(files):
            _, _, _, _, event_ns, price, size, action, side, _, _, received_ns, *_ = _DBN_TRADE.unpack_from(row)
            time_ns = received_ns if sampled else event_ns
            if action == b"T":
                aggressor = SIDES.get(side.decode().lower(), UNKNOWN)
                yield Trade(time_ns, _fixed(price) or ZERO, Decimal(size), aggressor)
            levels = []
            for at in range(_DBN_TRADE.size, len(row), _DBN_LEVEL.size):
                bid, ask, bid_size, ask_size, _, _ = _DBN_LEVEL.unpack_from(row, at)
                levels += [(BID, _fixed(bid), bid_size), (ASK, _fixed(ask), ask_size)]
            if book:
                yield from state(time_ns, levels)

    return reading


_SCID: Final = struct.Struct("<qffffIIII")
_DEPTH: Final = struct.Struct("<qBBHfII")


def _digits(price: float) -> Decimal:
    """The shortest digits that give this float of four bytes."""
    return Decimal(np.format_float_positional(np.float32(price), unique=True))


def sierra(said: Said) -> Iterator[Event]:
    for _, _, row in said.rows("*.scid"):
        time_us, _, _, _, price, _, size, sold, bought = _SCID.unpack(row)
        side = UNKNOWN if bool(sold) == bool(bought) else BUY if bought else SELL
        yield Trade((time_us - _SIERRA_EPOCH_US) * 1000, _digits(price), Decimal(size), side)
    snapshot_us = None
    for _, _, row in said.rows("*.depth"):
        time_us, command, flags, _, price, size, _ = _DEPTH.unpack(row)
        if command == 1:
            snapshot_us = time_us
        elif command not in {2, 3}:
            snapshot_us = None
        own_us = time_us if snapshot_us is None else min(time_us, snapshot_us)
        time_ns = (own_us - _SIERRA_EPOCH_US) * 1000
        if command == 1:
            yield BookEvent(time_ns, CLEAR, ZERO, ZERO)
        elif command:
            gone = command in {6, 7}
            yield BookEvent(time_ns, (BID, ASK)[command % 2], _digits(price), ZERO if gone else Decimal(size))
        if flags & 1:
            snapshot_us = None


def itch(said: Said) -> Iterator[Event]:
    """Orders are known by their numbers alone, so their side and price are remembered."""
    resting: dict[int, tuple[str, Decimal, Decimal]] = {}
    matches: set[tuple[int, bytes]] = set()

    def orders() -> Iterator[Order]:
        opened = False
        for _, _, row in said.rows("*"):
            kind = chr(row[2])
            time_ns = NEW_YORK_NS + int.from_bytes(row[7:13], "big")
            if kind in "AF":
                (number, side, size, _, price) = struct.unpack_from(">QcI8sI", row, 13)
                events = [("A", number, side.decode(), Decimal(price).scaleb(-4), Decimal(size))]
            else:
                events = _itch_change(kind, row, resting)
            if events and not opened:
                opened = True
                yield Order(time_ns, "R", "N", ZERO, ZERO, 0)
            for action, number, side_of, price_of, size_of in events:
                if action == "T":
                    if (time_ns, row[25:33]) in matches:
                        continue
                    matches.add((time_ns, row[25:33]))
                elif action == "A":
                    resting[number] = side_of, price_of, size_of
                else:
                    left = resting[number][2] - size_of
                    resting[number] = *resting[number][:2], left
                    if left <= 0:
                        del resting[number]
                yield Order(time_ns, action, side_of, price_of, size_of, number)

    return of_orders(orders())


def _itch_change(
    kind: str, row: bytes, resting: Mapping[int, tuple[str, Decimal, Decimal]]
) -> list[tuple[str, int, str, Decimal, Decimal]]:
    """What an execution, a cancel, a delete or a replacement comes to, of an order that rests."""
    if kind not in "EXDU":
        return []
    (number,) = struct.unpack_from(">Q", row, 13)
    if number not in resting:
        return []
    side, price, held = resting[number]
    if kind == "D":
        return [("C", number, side, price, held)]
    if kind == "U":
        _, succeeding, size, new_price = struct.unpack_from(">QQII", row, 13)
        new = ("A", succeeding, side, Decimal(new_price).scaleb(-4), Decimal(size))
        return [("C", number, side, price, held), new]
    (size,) = struct.unpack_from(">I", row, 21)
    taken = ("C", number, side, price, Decimal(size))
    aggressor = "A" if side == "B" else "B"
    return [taken] if kind == "X" else [("T", number, aggressor, price, Decimal(size)), taken]


def iex(said: Said) -> Iterator[Event]:
    """A session begins with an empty book; a quote is all of a book of one level, a price of 0 none.

    Packets are in the order of the numbers of their first messages, 24 bytes into what is in their datagrams.
    """
    begun = False
    packets = [row for _, _, row in said.rows("*")]
    for row in sorted(packets, key=lambda each: int.from_bytes(each[82:90], "little")):
        for at in messages_of_iex(row):
            kind = chr(row[at])
            if kind not in "85TQ":
                continue
            (time_ns, _, size, price) = struct.unpack_from("<q8sIq", row, at + 2)
            level = Decimal(price).scaleb(-4), Decimal(size)
            if kind == "T":
                yield Trade(time_ns, *level, UNKNOWN)
            elif kind == "Q":
                (ask, ask_size) = struct.unpack_from("<qI", row, at + 30)
                bids = [(BID, *level)] if price else []
                asks = [(ASK, Decimal(ask).scaleb(-4), ask_size)] if ask else []
                yield from state(time_ns, bids + asks)
            else:
                if not begun:
                    yield BookEvent(time_ns, CLEAR, ZERO, ZERO)
                begun = True
                yield BookEvent(time_ns, BID if kind == "8" else ASK, *level)
