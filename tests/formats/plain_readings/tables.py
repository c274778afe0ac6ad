"""Lines of separated values, and the rows of tables and arrays."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.formats.plain_readings.said import BOOK_SIDES, NEW_YORK_NS, SIDES, iso_ns, state, time_ns_of
from tests.reference import ASK, BID, BUY, CLEAR, SELL, UNKNOWN, ZERO, BookEvent, Trade

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tests.formats.plain_readings.said import Event, Reading, Said


@dataclass(frozen=True)
class Tape:
    """Where trades are: in which files, and in which columns."""

    files: str
    time: str
    unit: str
    price: str
    size: str
    side: str
    names: Sequence[str] = ()
    id: str = ""

    def __call__(self, said: Said) -> Iterator[Event]:
        seen = set()
        for row in said.cells(self.files, self.names):
            side = SIDES.get(row[self.side].lower(), UNKNOWN)
            time_ns = time_ns_of(row[self.time], self.unit)
            trade = Trade(time_ns, Decimal(row[self.price]), Decimal(row[self.size]), side)
            if not self.id or (row[self.id], trade) not in seen:
                yield trade
            seen.add((row.get(self.id), trade))


class _Snapshots:
    """Says which flagged rows begin a snapshot: those of one moment are one, with what strays among them."""

    def __init__(self) -> None:
        self._latest: object = None
        self._above: tuple[object, bool] = None, False

    def __call__(self, moment: object, *, flagged: bool) -> bool:
        ended = self._above == (moment, False)
        self._above = moment, flagged
        if not flagged:
            return False
        begins = moment != self._latest or ended
        self._latest = moment
        return begins


@dataclass(frozen=True)
class Updates:
    """Where updates of a book are, and the snapshots among them."""

    files: str
    time: str
    unit: str
    size: str
    flag: tuple[str, str]
    moment: str

    def __call__(self, said: Said) -> Iterator[Event]:
        begins = _Snapshots()
        for row in said.cells(self.files):
            time_ns = time_ns_of(row[self.time], self.unit)
            flagged = row[self.flag[0]] == self.flag[1]
            if begins(row[self.moment], flagged=flagged):
                yield BookEvent(time_ns, CLEAR, ZERO, ZERO)
            yield BookEvent(time_ns, BOOK_SIDES[row["side"]], Decimal(row["price"]), Decimal(row[self.size]))


@dataclass(frozen=True)
class States:
    """Where whole books are: the columns of each level's price and size, by the number of the level."""

    files: str
    time: str
    unit: str
    columns: tuple[tuple[str, str], tuple[str, str]]
    levels: int = 1

    def __call__(self, said: Said) -> Iterator[Event]:
        sides = [
            (side, price.format(level), size.format(level))
            for level in range(self.levels)
            for side, (price, size) in zip((BID, ASK), self.columns, strict=True)
        ]
        for row in said.cells(self.files):
            levels = [(side, row[price], row[size]) for side, price, size in sides]
            yield from state(time_ns_of(row[self.time], self.unit), levels)


def databento(levels: int) -> Reading:
    columns = [(f"{side}_px_{{:02d}}", f"{side}_sz_{{:02d}}") for side in ("bid", "ask")]
    book = States("*.csv", "ts_event", "iso", (columns[0], columns[1]), levels)

    def reading(said: Said) -> Iterator[Event]:
        yield from book(said)
        for row in said.cells("*.csv"):
            if row["action"] == "T":
                side = SIDES.get(row["side"].lower(), UNKNOWN)
                yield Trade(iso_ns(row["ts_event"]), Decimal(row["price"]), Decimal(row["size"]), side)

    return reading


def databento_trades(said: Said) -> Iterator[Event]:
    for row in said.cells("*.csv"):
        if row["action"] == "T":
            price = Decimal(row["price"]).scaleb(-9)
            yield Trade(int(row["ts_event"]), price, Decimal(row["size"]), SIDES[row["side"].lower()])


def lobster(said: Said) -> Iterator[Event]:
    """The book after each message stands on the same line of the other file; what is beyond its end has no partner."""
    books = {line: row for _, line, row in said.rows("*orderbook*") if b"." not in row}  # or it is another vendor's
    lines = min(len(table.rows) for _, table in said.tables("*.csv*"))
    for _, line, message in said.rows("*message*"):
        if line > lines:
            break
        time, kind, _, size, price, direction = message.decode().strip().split(",")
        time_ns = NEW_YORK_NS + int(Decimal(time) * 10**9)
        if kind in "456":
            aggressor = UNKNOWN if kind == "6" else BUY if direction == "-1" else SELL
            yield Trade(time_ns, Decimal(price).scaleb(-4), Decimal(size), aggressor)
        if line in books:
            cells = iter(books[line].decode().strip().split(","))
            pairs = zip(cells, cells, strict=True)
            yield from state(
                time_ns,
                [((ASK, BID)[at % 2], Decimal(level[0]).scaleb(-4), level[1]) for at, level in enumerate(pairs)],
            )


def own(said: Said) -> Iterator[Event]:
    for _, _, (time_ns, side, ticks, lots) in said.rows("*trades*"):
        yield Trade(time_ns, Decimal(ticks).scaleb(-2), Decimal(lots).scaleb(-3), side)
    for _, _, (time_ns, side, ticks, lots) in said.rows("*book*"):
        yield BookEvent(time_ns, side, Decimal(ticks).scaleb(-2), Decimal(lots).scaleb(-3))


def mapped_parquet(said: Said) -> Iterator[Event]:
    def time_ns(moment: datetime) -> int:
        return round(moment.replace(tzinfo=UTC).timestamp() * 1000) * 10**6

    for _, _, (moment, side, price, size) in said.rows("fills*"):
        yield Trade(time_ns(moment), Decimal(repr(price)), Decimal(repr(size)), SIDES[side])
    begins = _Snapshots()
    for _, _, (moment, side, price, size, whole) in said.rows("book*"):
        if begins(moment, flagged=whole == "yes"):
            yield BookEvent(time_ns(moment), CLEAR, ZERO, ZERO)
        yield BookEvent(time_ns(moment), BOOK_SIDES[side], Decimal(repr(price)), Decimal(repr(size)))


def sqlite(said: Said) -> Iterator[Event]:
    for table, _, cells in said.rows("*"):
        if table == "trades":
            _, _, price, size, side, time = cells
            yield Trade(iso_ns(time), Decimal(repr(price)), Decimal(repr(size)), SIDES[side])
        else:
            _, bids, asks, time = cells
            sides = [
                (side, json.loads(text, parse_float=str, parse_int=str)) for side, text in ((BID, bids), (ASK, asks))
            ]
            yield from state(iso_ns(time), [(side, price, size) for side, levels in sides for price, size in levels])


def metatrader(said: Said) -> Iterator[Event]:
    """An empty bid or ask is the last one before it in time, whatever file that is in."""
    rows = [(iso_ns(f"{row['<DATE>'].replace('.', '-')}T{row['<TIME>']}"), row) for row in said.cells("*.csv")]
    quotes = {BID: "", ASK: ""}
    for time_ns, row in sorted(rows, key=lambda each: each[0]):
        quotes = {BID: row["<BID>"] or quotes[BID], ASK: row["<ASK>"] or quotes[ASK]}
        if row["<BID>"] or row["<ASK>"]:
            yield from state(time_ns, [(side, price, "1") for side, price in quotes.items()])
        if row["<LAST>"] and row["<VOLUME>"]:
            side = {32: BUY, 64: SELL}.get(int(row["<FLAGS>"]) & 96, UNKNOWN)
            yield Trade(time_ns, Decimal(row["<LAST>"]), Decimal(row["<VOLUME>"]), side)


def _array_event(kind: int, buyer: bool | None, time_ns: int, price: float, size: float) -> Event:  # noqa: FBT001 - a row's
    level = Decimal(repr(float(price))), Decimal(repr(float(size)))
    if kind == 3:
        return BookEvent(time_ns, CLEAR, ZERO, ZERO)
    if kind == 2:
        return Trade(time_ns, *level, UNKNOWN if buyer is None else BUY if buyer else SELL)
    return BookEvent(time_ns, BID if buyer else ASK, *level)


def hftbacktest(said: Said) -> Iterator[Event]:
    for _, _, row in said.rows("*"):
        flags, time_ns, _, price, size, *_ = struct.unpack("<Qqqdd", row[:40])
        buyer = True if flags & (1 << 29) else False if flags & (1 << 28) else None
        yield _array_event(flags & 0xFF, buyer, time_ns, price, size)


def hftbacktest_old(said: Said) -> Iterator[Event]:
    for _, _, row in said.rows("*"):
        kind, time_us, _, side, price, size = struct.unpack("<6d", row)
        yield _array_event(int(kind), None if not side else side > 0, int(time_us) * 1000, price, size)
