"""A slow, obvious reading of ITCH 5.0: one message after the other, a dict of orders, and a sum for each level."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from processor.core.events import ASK, BID, BUY, SELL, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

HEADER: Final = ">cHH6s"
BODIES: Final = {
    "S": "c", "R": "8scc4scc2sccccc4sc", "H": "8scc4s", "A": "QcI8sI", "F": "QcI8sI4s", "E": "QIQ", "C": "QIQcI",
    "X": "QI", "D": "Q", "U": "QQII", "P": "QcI8sIQ", "Q": "Q8sIQc",
    "Y": "8sc", "L": "4s8sccc", "V": "QQQ", "W": "c", "K": "8sIcI", "J": "8sIIII", "h": "8scc", "B": "Q",
    "I": "QQc8sIIIcc", "N": "8sc", "O": "8scIIIQII",
}  # fmt: skip


class Day:
    """What a file holds of a stock: `trades` as (time, price, size, aggressor), orders not known in `gaps`."""

    def __init__(self, content: bytes, stock: str, midnight: datetime) -> None:
        self.trades: list[tuple[int, int, int, int]] = []
        self.gaps = 0
        self.rows = 0
        self._orders: dict[int, list[int]] = {}
        self._books: list[tuple[int, dict[tuple[int, int], int]]] = []
        midnight_ns = int(midnight.timestamp()) * 10**9
        locate = None
        at = 0
        while at < len(content):
            kind = chr(content[at + 2])
            layout = HEADER + BODIES[kind]
            _, of, _, time, *fields = struct.unpack_from(layout, content, at + 2)
            at += 2 + struct.calcsize(layout)
            if kind == "R" and fields[0].decode().strip() == stock:
                locate = of
            elif of == locate and kind in "AFECXDUPQB":
                self.rows += 1
                self._tell(midnight_ns + int.from_bytes(time, "big"), kind, fields)

    def books(self) -> Iterator[tuple[int, dict[tuple[int, int], int]]]:
        """The levels, by side and price, after each time at which something happened."""
        for number, (time, levels) in enumerate(self._books):
            if number + 1 == len(self._books) or self._books[number + 1][0] != time:
                yield time, levels

    def _tell(self, time: int, kind: str, fields: list[int | bytes]) -> None:
        numbers = [each if isinstance(each, int) else 0 for each in fields]
        if kind in "AF":
            self._orders[numbers[0]] = [BID if fields[1] == b"B" else ASK, numbers[4], numbers[2]]
        elif kind == "P":
            self.trades.append((time, numbers[4], numbers[2], UNKNOWN))
        elif kind == "Q":
            if numbers[0]:
                self.trades.append((time, numbers[2], numbers[0], UNKNOWN))
        elif kind != "B":
            self._change(time, kind, numbers, printable=kind == "E" or fields[3:4] == [b"Y"])
        levels: dict[tuple[int, int], int] = {}
        for side, price, size in self._orders.values():
            levels[side, price] = levels.get((side, price), 0) + size
        self._books.append((time, levels))

    def _change(self, time: int, kind: str, numbers: list[int], *, printable: bool) -> None:
        order = self._orders.get(numbers[0])
        if order is None:
            self.gaps += 1
            return
        side, price, size = order
        if kind in "EC" and printable:
            aggressor = SELL if side == BID else BUY
            self.trades.append((time, price if kind == "E" else numbers[4], numbers[1], aggressor))
        taken = size if kind in "DU" else numbers[1]
        order[2] -= taken
        if order[2] <= 0:
            self.gaps += order[2] < 0
            del self._orders[numbers[0]]
        if kind == "U":
            self._orders[numbers[1]] = [side, numbers[3], numbers[2]]
