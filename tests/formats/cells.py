"""Prices, sizes and times in the rows of files of every kind, changed where they stand."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.formats.taken_apart import Table

    Cell = Callable[[Decimal], Decimal]

DAY_S: Final = 86_400
_DAY: Final = re.compile(rb"(?<!\d)17231(\d{5})(?=\d{0,9}(?!\d))")
"""Seconds since 1970 of the sample's day, whatever the unit is."""
_ISO_DAY: Final = re.compile(rb"2024-08-(\d\d)(?=T)")
_DOTTED_DAY: Final = re.compile(rb"2024\.08\.(\d\d)(?=\t)")
_OF_NEW_YORK: Final = re.compile(rb"^3[2-9]\d{3}(?=[.,])")
"""Seconds since midnight at the begin of a row."""
_PRICE_NAMES: Final = re.compile(
    r"(best_(bid|ask)_)?price|px|(bid|ask)_px_\d+|[ab]\d|(ask|bid)s\[\d+\]\.price|(ask|bid)_price|<(BID|ASK|LAST)>"
)
_SIZE_NAMES: Final = re.compile(
    r"amount|size|qty|quantity|volume|best_(bid|ask)_qty|(bid|ask)_sz_\d+|[ab]s\d|(ask|bid)s\[\d+\]\.amount|(ask|bid)_amount|<VOLUME>"
)
_JSON_PRICES: Final = re.compile(
    rb'(?:"(?:p|px|price|price_str|price_level)": ?|\[(?:"(?:buy|sell)", ?)?(?=[\d".]+, ?"?[\d.]+"?[,\]]))"?([\d.]+)"?'
)
_JSON_SIZES: Final = re.compile(
    rb'(?:"(?:q|sz|v|qty|size|amount|amount_str|new_quantity)": ?'
    rb'|\[(?:"(?:buy|sell)", ?)?"?[\d.]+"?, ?(?=[\d".]+[,\]]))"?([\d.]+)"?'
)
_UINT32: Final = 2**32 - 1
_UNDEFINED: Final = 2**63 - 1
_ORDER_BYTES: Final = 56
"""Of a record of DBN's MBO."""
_BEFORE_MESSAGES: Final = 16 + 14 + 20 + 8 + 40
_OLD_ROW_BYTES: Final = 48
"""Of a row of six floats."""


def shifted(row: Any, kind: str, days: int) -> Any:
    """The row of another day; the same where its times cannot be of another."""
    if kind == "lines":
        moved = _DAY.sub(lambda found: str(int(b"17231" + found[1]) + days * DAY_S).encode(), row)
        moved = _ISO_DAY.sub(lambda found: b"2024-08-%02d" % (int(found[1]) + days), moved)
        moved = _DOTTED_DAY.sub(lambda found: b"2024.08.%02d" % (int(found[1]) + days), moved)
        return _OF_NEW_YORK.sub(lambda found: str(int(found[0]) + days * DAY_S).encode(), moved)
    if isinstance(row, tuple):
        return tuple(_cell_shifted(cell, days) for cell in row)
    return _patched(row, [(at, layout, _later(days * DAY_S * unit)) for at, layout, unit in _times_of(row, kind)])


def _times_of(row: bytes, kind: str) -> list[tuple[int, str, int]]:
    """Where the times of a record are, how they are written, and how many of their unit a second has."""
    if kind == "dbn":
        return [(8, "<Q", 10**9), (40 if len(row) == _ORDER_BYTES else 32, "<Q", 10**9)]
    if kind == "sierra":
        return [(0, "<q", 10**6)]
    if kind == "array":
        layout, unit = ("<d", 10**6) if len(row) == _OLD_ROW_BYTES else ("<q", 10**9)
        return [(at, layout, unit) for at in (8, 16)]
    return []


def _later(difference: int) -> Callable[[Any], Any]:
    return lambda time: time if time >= _UNDEFINED else time + difference


def _cell_shifted(cell: Any, days: int) -> Any:
    if isinstance(cell, datetime):
        return cell + timedelta(days=days)
    if isinstance(cell, int) and cell > 10**18:
        return cell + days * DAY_S * 10**9
    if isinstance(cell, str):
        return _ISO_DAY.sub(lambda found: b"2024-08-%02d" % (int(found[1]) + days), cell.encode()).decode()
    return cell


def _patched(row: bytes, patches: Sequence[tuple[int, str, Callable[[Any], Any]]]) -> bytes:
    made = bytearray(row)
    for at, layout, new in patches:
        (old,) = struct.unpack_from(layout, made, at)
        struct.pack_into(layout, made, at, new(old))
    return bytes(made)


_ORDER_PLACES: Final = {
    "dbn": {"ts_event": (8, 16), "price": (24, 32)},
    "itch": {"ts_event": (7, 13), "price": (34, 38)},
}
"""From where to where these stand in a record of an order, and in a message that adds one."""


def order_cell(row: Any, table: Table, name: str) -> bytes | None:
    """What stands in the row of an order; None where it is none, or not of a format of orders."""
    if table.kind == "lines" and "order_id" in table.names:
        return bytes(row.split(b",")[table.names.index(name)])
    start, end = _ORDER_PLACES.get(table.kind, {}).get(name, (0, 0))
    is_order = end and (len(row) == _ORDER_BYTES if table.kind == "dbn" else row[2:3] in b"AF")
    return row[start:end] if is_order else None


def with_order_cell(row: bytes, table: Table, name: str, cell: bytes) -> bytes:
    """The row of an order with something else there."""
    if table.kind == "lines":
        cells = row.split(b",")
        cells[table.names.index(name)] = cell
        return b",".join(cells)
    start, end = _ORDER_PLACES[table.kind][name]
    return row[:start] + cell + row[end:]


@dataclass(frozen=True)
class Cells:
    """Changes the prices or the sizes of a row, where it has any."""

    price: bool
    cell: Cell

    def of(self, table: Table, name: str, row: Any) -> Any:
        if table.kind == "lines":
            return self._of_json(row) if row.lstrip(b"0123456789.: ")[:1] in b"{[" else self._of_line(table, name, row)
        if isinstance(row, tuple):
            return self._of_tuple(table, row)
        of_kind = {
            "dbn": self._of_dbn, "sierra": self._of_sierra, "array": self._of_array, "itch": self._of_itch,
            "pcap": self._of_packet,
        }  # fmt: skip
        return of_kind[table.kind](row)

    def _text(self, text: str) -> str:
        return text if not text else f"{self.cell(Decimal(text)):f}"

    def _of_json(self, row: bytes) -> bytes:
        pattern = _JSON_PRICES if self.price else _JSON_SIZES

        def new(found: Any) -> bytes:
            start, end = found.start(1) - found.start(), found.end(1) - found.start()
            return bytes(found[0][:start] + self._text(found[1].decode()).encode() + found[0][end:])

        return pattern.sub(new, row)

    def _of_line(self, table: Table, name: str, row: bytes) -> bytes:
        delimiter = max(b",", b";", b"\t", key=table.header.count)
        end = row[len(row.rstrip(b"\r\n")) :]
        cells = row.rstrip(b"\r\n").split(delimiter)
        names = table.names or _names_of(name, len(cells))
        pattern = _PRICE_NAMES if self.price else _SIZE_NAMES
        for at, column in enumerate(names):
            if pattern.fullmatch(column) and cells[at]:
                cells[at] = self._text(cells[at].decode()).encode()
        return delimiter.join(cells) + end

    def _of_tuple(self, table: Table, row: tuple[Any, ...]) -> tuple[Any, ...]:
        if table.kind == "database":
            return self._of_database(row)
        names = {"price", "price_ticks"} if self.price else {"size", "size_lots"}
        return tuple(
            self._number(cell) if column in names else cell for column, cell in zip(table.names, row, strict=True)
        )

    def _number(self, cell: Any) -> Any:
        if isinstance(cell, float):
            return float(self.cell(Decimal(repr(cell))))
        return min(int(self.cell(Decimal(cell))), _UNDEFINED)

    def _of_database(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        cells = list(row)
        if row[0] == "trades":
            cells[3 if self.price else 4] = self._number(cells[3 if self.price else 4])
        else:
            cells[2:4] = [self._of_json(cell.encode()).decode() for cell in cells[2:4]]
        return tuple(cells)

    def _uint32(self, value: int) -> int:
        new = self.cell(Decimal(value))
        return min(max(int(new), int(new > 0)), _UINT32)

    def _fixed(self, value: int) -> int:
        return value if value == _UNDEFINED else int(self.cell(Decimal(value).scaleb(-9)).scaleb(9))

    def _of_dbn(self, row: bytes) -> bytes:
        is_order = len(row) == _ORDER_BYTES
        places = [24 if is_order else 16] if self.price else [32 if is_order else 24]
        for start in range(48, len(row) - 8 * is_order, 32):
            places += [start, start + 8] if self.price else [start + 16, start + 20]
        layout, new = ("<q", self._fixed) if self.price else ("<I", self._uint32)
        return _patched(row, [(at, layout, new) for at in places])

    def _of_sierra(self, row: bytes) -> bytes:
        def price(old: float) -> float:
            return float(np.float32(self.cell(Decimal(np.format_float_positional(np.float32(old))))))

        is_trade = len(row) == 40
        if self.price:
            return _patched(row, [(20 if is_trade else 12, "<f", price)])
        return _patched(row, [(at, "<I", self._uint32) for at in ((28, 32, 36) if is_trade else (16,))])

    def _of_array(self, row: bytes) -> bytes:
        def new(old: float) -> float:
            return float(self.cell(Decimal(repr(old)))) if np.isfinite(old) else old

        first = 32 if len(row) == _OLD_ROW_BYTES else 24
        return _patched(row, [(first if self.price else first + 8, "<d", new)])

    def _of_itch(self, row: bytes) -> bytes:
        sizes = {"A": 22, "F": 22, "E": 21, "X": 21, "U": 29}
        prices = {"A": 34, "F": 34, "U": 33}
        at = (prices if self.price else sizes).get(chr(row[2]))
        return row if at is None else _patched(row, [(at, ">I", self._uint32)])

    def _of_packet(self, row: bytes) -> bytes:
        """A size and a price behind kind, flags, time and stock; of a quote the bid's, then the ask's."""
        patches: list[tuple[int, str, Callable[[Any], Any]]] = []
        for at in messages_of_iex(row):
            is_quote = row[at] == ord("Q")
            if row[at] not in b"85TQ":
                continue
            if self.price:
                patches += [(at + place, "<q", self._price_of_iex) for place in ((22, 30) if is_quote else (22,))]
            else:
                patches += [(at + place, "<I", self._uint32) for place in ((18, 38) if is_quote else (18,))]
        return _patched(row, patches)

    def _price_of_iex(self, value: int) -> int:
        return int(self.cell(Decimal(value).scaleb(-4)).scaleb(4))


def _names_of(name: str, columns: int) -> tuple[str, ...]:
    """The columns of lines without a header, as far as they are prices and sizes."""
    if "orderbook" in name:
        return tuple(("price", "size")[at % 2] for at in range(columns))
    known = {"message": "time,type,order,size,price,direction", "trades": "id,price,qty,quote,time,maker,best"}
    return next((tuple(names.split(",")) for part, names in known.items() if part in name), ())


def messages_of_iex(packet: bytes) -> Iterator[int]:
    """Where the messages of a captured packet begin: behind what captured it, and the headers of four protocols."""
    at = _BEFORE_MESSAGES
    while at < len(packet):
        yield at + 2
        at += 2 + int.from_bytes(packet[at : at + 2], "little")
