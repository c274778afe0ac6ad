"""Files of exchanges' own feeds, in which single orders or levels and trades come in messages of bytes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.formats import test_iex, test_itch, test_sierra
from tests.formats.one_market.model import DAY_MS, Deal, Market
from tests.formats.samples import write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.one_market.model import Levels


class _ItchWriter:
    """Orders at each price, up to three, which come, change and go as ITCH tells it."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self._chance = random.Random(5)
        self._resting: dict[tuple[str, str], dict[int, int]] = {}
        self._made = 0

    def level(self, at_ns: int, side: str, price: str, size: int) -> None:
        """So many shares at a price, from now on."""
        held = self._resting.setdefault((side, price), {})
        while sum(held.values()) > size:
            number = next(iter(held))
            self._take(at_ns, held, number, min(held[number], sum(held.values()) - size))
        if rest := size - sum(held.values()):
            if len(held) > 1:
                number = next(iter(held))
                rest += held.pop(number)
                self._made += 1
                self.messages.append(test_itch.replace(at_ns, number, self._made, rest, float(price)))
            else:
                self._add(at_ns, side, rest, price)
            held[self._made] = rest

    def _add(self, at_ns: int, side: str, size: int, price: str) -> None:
        self._made += 1
        by = self._chance.choice(("", "NSDQ"))
        self.messages.append(test_itch.add(at_ns, self._made, side, size, float(price), stock="ABC", by=by))

    def _take(self, at_ns: int, held: dict[int, int], number: int, size: int) -> None:
        if size == held[number]:
            del held[number]
            self.messages.append(test_itch.delete(at_ns, number))
        else:
            held[number] -= size
            self.messages.append(test_itch.cancel(at_ns, number, size))

    def deal(self, at_ns: int, deal: Deal) -> None:
        """A trade with an order that comes and goes at once, so that the book stays."""
        self._add(at_ns, "S" if deal.side == "buy" else "B", int(deal.size), deal.price)
        self.messages.append(test_itch.execute(at_ns, self._made, int(deal.size), deal.number))


def itch(folder: Path, told: Market) -> Path:
    """NASDAQ ITCH 5.0."""
    writer = _ItchWriter()

    def at_ns(at_ms: int) -> int:
        return (DAY_MS + at_ms) * 10**6 - test_itch.MIDNIGHT_NS - test_itch.OPEN_NS

    bids, asks = told.snapshot
    first_ns = at_ns(told.updates[0].at_ms)
    for side, levels in (("B", bids), ("S", asks)):
        for price, size in levels:
            writer.level(first_ns, side, price, int(size))
    for each in told.in_order():
        if isinstance(each, Deal):
            writer.deal(at_ns(each.at_ms), each)
            continue
        for side, levels in (("B", each.bids), ("S", each.asks)):
            for price, size in levels:
                writer.level(at_ns(each.at_ms), side, price, int(size))
    opened, ended = test_itch.event("O"), test_itch.event("C", 20 * 3600 * 10**9 - test_itch.OPEN_NS)
    content = test_itch.framed(opened, test_itch.directory("ABC"), *writer.messages, ended)
    return write(folder / f"{test_itch.NAME}.gz", content).parent


def sierra(folder: Path, told: Market) -> Path:
    """Sierra Chart's trades and its market depth."""

    def at_us(at_ms: int) -> int:
        return (DAY_MS + at_ms) * 1000 - test_sierra.DAY_NS // 1000

    bids, asks = told.snapshot
    first_us = at_us(told.updates[0].at_ms)
    book = [test_sierra.change(first_us, 1)]
    book += [test_sierra.change(first_us, 2, float(price), int(size)) for price, size in bids]
    book += [test_sierra.change(first_us, 3, float(price), int(size)) for price, size in asks]
    for each in told.updates:
        for side, levels in enumerate((each.bids, each.asks)):
            for price, size in levels:
                command = 6 if size == "0" else (2, 4)[each.at_ms % 2]
                book.append(test_sierra.change(at_us(each.at_ms), command + side, float(price), int(size)))
        book.append(test_sierra.change(at_us(each.at_ms), 0, flags=test_sierra.END))
    trades = [
        test_sierra.trade(
            at_us(deal.at_ms), float(deal.price), **{"bought" if deal.side == "buy" else "sold": int(deal.size)}
        )
        for deal in told.deals
    ]
    write(folder / "ABC.scid", test_sierra.scid(*trades))
    return write(folder / "ABC.2024-08-08.depth", test_sierra.depth(*book)).parent


def _iex_ns(at_ms: int) -> int:
    return (DAY_MS + at_ms) * 10**6 - test_iex.START_NS


def _iex(folder: Path, name: str, protocol: int, groups: list[list[bytes]]) -> Path:
    packets = test_iex.numbered([test_iex.directory("ABC")], *groups, protocol=protocol)
    return write(folder / f"{name}.gz", test_iex.pcap(*packets)).parent


def iex_deep(folder: Path, told: Market) -> Path:
    """IEX DEEP; an update is a transition of several levels."""

    def levels(at_ms: int, bids: Levels, asks: Levels) -> list[bytes]:
        rows = [*(("bid", *each) for each in bids), *(("ask", *each) for each in asks)]
        return [
            test_iex.level(_iex_ns(at_ms), side, int(size), float(price), complete=at == len(rows), stock="ABC")
            for at, (side, price, size) in enumerate(rows, 1)
        ]

    groups = [levels(told.updates[0].at_ms, *told.snapshot)]
    for each in told.in_order():
        if isinstance(each, Deal):
            deal = test_iex.trade(_iex_ns(each.at_ms), int(each.size), float(each.price), each.number, stock="ABC")
            groups.append([deal])
        else:
            groups.append(levels(each.at_ms, each.bids, each.asks))
    return _iex(folder, test_iex.DEEP_NAME, test_iex.DEEP, groups)


def iex_tops(folder: Path, told: Market) -> Path:
    """IEX TOPS."""

    def best(levels: Levels) -> tuple[int, float]:
        return (int(levels[0][1]), float(levels[0][0])) if levels else (0, 0)

    groups = []
    for each in told.in_order():
        at_ns = _iex_ns(each.at_ms)
        if isinstance(each, Deal):
            groups.append([test_iex.trade(at_ns, int(each.size), float(each.price), each.number, stock="ABC")])
        else:
            bids, asks = each.state
            groups.append([test_iex.quote(at_ns, best(bids), best(asks), stock="ABC")])
    return _iex(folder, test_iex.TOPS_NAME, test_iex.TOPS, groups)
