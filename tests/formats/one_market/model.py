"""The market itself, and what every writer needs of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from processor.core.events import ASK, BID, BUY, CLEAR, SELL
from tests.formats.samples import DAY_US
from tests.formats.websocket_samples import PlainBook

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Levels: TypeAlias = Sequence[tuple[str, str]]

START_MS: Final = 46_800_000
"""Milliseconds after midnight of 2024-08-08 UTC: nine o'clock in New York."""

DAY_MS: Final = DAY_US // 1000
PRICE_DECIMALS: Final = 2
SIZE_DECIMALS: Final = 3
DEPTH: Final = 8


@dataclass(frozen=True)
class Update:
    """What a message of the book sets; a size of zero removes. `bids` and `asks` of `state` are all there is then."""

    at_ms: int
    bids: Levels
    asks: Levels
    state: tuple[Levels, Levels]


@dataclass(frozen=True)
class Deal:
    """A trade."""

    at_ms: int
    number: int
    side: str
    price: str
    size: str


@dataclass(frozen=True)
class Market:
    """A snapshot that bears the time of the first update, the updates, and the trades, each in the order of time."""

    snapshot: tuple[Levels, Levels]
    updates: tuple[Update, ...]
    deals: tuple[Deal, ...]

    def in_order(self) -> Iterator[Update | Deal]:
        """Updates and trades together."""
        together: list[Update | Deal] = [*self.updates, *self.deals]
        yield from sorted(together, key=lambda each: each.at_ms)


def market(events: int = 300, *, whole_sizes: bool = False, seed: int = 1) -> Market:
    """A market of so many updates and of half as many trades, no two of which are alike."""
    chance = random.Random(seed)

    def size(least: int = 1) -> str:
        return str(chance.randint(least, 900)) if whole_sizes else f"{chance.randint(least, 9000) / 1000:.3f}"

    middle = 10_000
    grids = {
        side: [f"{(middle + sign * 25 * step) / 100:.2f}" for step in range(1, DEPTH + 1)]
        for side, sign in (("bids", -1), ("asks", 1))
    }
    book = PlainBook()
    snapshot = ([(price, size()) for price in grids["bids"][1:6]], [(price, size()) for price in grids["asks"][:5]])
    book.update(*snapshot)
    at_ms = START_MS
    updates: list[Update] = []
    deals: list[Deal] = []
    for number in range(events):
        changed: dict[str, list[tuple[str, str]]] = {"bids": [], "asks": []}
        for side, price in chance.sample([(side, price) for side, grid in grids.items() for price in grid], 2):
            held = book.bids if side == "bids" else book.asks
            gone = price in held and chance.random() < 0.5
            changed[side].append((price, "0" if gone else size()))
        book.update(changed["bids"], changed["asks"])
        updates.append(Update(at_ms, tuple(changed["bids"]), tuple(changed["asks"]), book.best(DEPTH)))
        at_ms += chance.randint(1, 1500)
        if number % 2:
            side = chance.choice(("buy", "sell"))
            price = chance.choice(grids["asks" if side == "buy" else "bids"])
            deals.append(Deal(at_ms, 1000 + len(deals), side, price, size()))
            at_ms += chance.choice((0, 7))
    return Market(snapshot, tuple(updates), tuple(deals))


def iso(at_ms: int) -> str:
    """As venues write times in UTC."""
    return (
        f"{(datetime(2024, 8, 8, tzinfo=UTC) + timedelta(milliseconds=at_ms)).isoformat(timespec='milliseconds')[:23]}Z"
    )


def events_of(told: Market) -> list[tuple[int, int, str, str]]:
    """The book as rows of time, side, price and size; the snapshot follows a CLEAR."""
    bids, asks = told.snapshot
    first_ms = told.updates[0].at_ms
    rows = [(first_ms, CLEAR, "0", "0")]
    for at_ms, some_bids, some_asks in ((first_ms, bids, asks), *((u.at_ms, u.bids, u.asks) for u in told.updates)):
        rows += [(at_ms, BID, *level) for level in some_bids]
        rows += [(at_ms, ASK, *level) for level in some_asks]
    return rows


def scaled(text: str, decimals: int) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(decimals, "0"))


def aggressor_of(deal: Deal) -> int:
    return BUY if deal.side == "buy" else SELL


def padded(levels: Levels, count: int, absent: tuple[str, str] = ("", "")) -> list[tuple[str, str]]:
    return [*levels[:count], *[absent] * (count - len(levels))]
