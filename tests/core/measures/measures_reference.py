"""The measures of the book, slowly and obviously: dicts and fractions, every sample from the whole book.

It shares no code with the processor.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from tests.core.streams import Trade, Update

BID, ASK, CLEAR, ONLY_BID, ONLY_ASK = range(5)
LEVELS = (1, 5, 10, 20, 0)
POINTS = (5, 10, 25, 100)
OFI = 10

Level = tuple[Fraction, Fraction]
Value = Fraction | None


@dataclass
class Row:
    """An interval: open, high, low and close of each measure, and its sums."""

    values: dict[str, list[Value]]
    ofi: list[Fraction] = field(default_factory=lambda: [Fraction(0)] * OFI)
    trade_flow: Fraction = Fraction(0)
    samples: int = 0
    trades: int = 0


@dataclass(frozen=True)
class Own:
    """Numbers of levels and sizes to trade beside those that are always measured."""

    depths: tuple[int, ...] = ()
    sizes: tuple[Decimal, ...] = ()


NO_OWN = Own()


def measured(
    trades: Sequence[Trade],
    updates: Sequence[Update],
    price: Fraction,
    size: Fraction,
    begin_of: Callable[[int], int],
    own: Own = NO_OWN,
) -> dict[int, Row]:
    """The rows by the begin of their intervals; a tick is worth `price`, a lot `size`."""
    sampled = _samples(updates, price, size, own)
    begins = sorted({begin_of(time_ns) for time_ns, _, _ in sampled} | {begin_of(trade.time_ns) for trade in trades})
    rows: dict[int, Row] = {}
    standing: dict[str, Value] = {}
    first_trade = min((trade.time_ns for trade in trades), default=None)
    for begin in begins:
        mine = [(values, ofi) for time_ns, values, ofi in sampled if begin_of(time_ns) == begin]
        if not mine and not standing:
            standing = {f"obi_{levels}": Fraction(0) for levels in (*LEVELS, *own.depths)}
        row = Row({name: [value] * 4 for name, value in standing.items()})
        for values, ofi in mine:
            for name, value in values.items():
                open_, high, low, _ = row.values.get(name, [None] * 4)
                if value is None:
                    row.values[name] = [open_, high, low, None]
                elif open_ is None or high is None or low is None:
                    row.values[name] = [value] * 4
                else:
                    row.values[name] = [open_, max(high, value), min(low, value), value]
            row.ofi = [one + more for one, more in zip(row.ofi, ofi, strict=True)]
            row.samples += 1
        standing = {name: parts[3] for name, parts in row.values.items()}
        here = [trade for trade in trades if begin_of(trade.time_ns) == begin]
        row.trade_flow = sum((trade.aggressor * trade.size_lots * size for trade in here), Fraction(0))
        row.trades = len(here)
        rows[begin] = row
    assert first_trade is None or begin_of(first_trade) in rows
    return rows


def _samples(
    updates: Sequence[Update], price: Fraction, size: Fraction, own: Own = NO_OWN
) -> list[tuple[int, dict[str, Value], list[Fraction]]]:
    sides: tuple[dict[Fraction, Fraction], dict[Fraction, Fraction]] = ({}, {})
    found = []
    before: tuple[list[Level], list[Level]] | None = None
    for update, following in zip(updates, [*updates[1:], None], strict=False):
        _apply(sides, update, price, size)
        if following is not None and following.time_ns == update.time_ns:
            continue
        bids, asks = sorted(sides[0].items(), reverse=True), sorted(sides[1].items())
        ofi = [Fraction(0)] * OFI
        if before is not None:
            ofi = [
                _term(bids[m : m + 1], before[0][m : m + 1], 1) - _term(asks[m : m + 1], before[1][m : m + 1], -1)
                for m in range(OFI)
            ]
        before = bids, asks
        found.append((update.time_ns, _values(bids, asks, own), ofi))
    return found


def _apply(
    sides: tuple[dict[Fraction, Fraction], dict[Fraction, Fraction]], update: Update, price: Fraction, size: Fraction
) -> None:
    if update.side == CLEAR:
        sides[0].clear()
        sides[1].clear()
        return
    side = sides[update.side in {ASK, ONLY_ASK}]
    if update.side in {ONLY_BID, ONLY_ASK}:
        side.clear()
    if update.size_lots:
        side[update.price_ticks * price] = update.size_lots * size
    else:
        side.pop(update.price_ticks * price, None)


def _term(now: list[Level], then: list[Level], better: int) -> Fraction:
    """One side's terms of a level, a better price being a higher one or, for -1, a lower one."""
    if not now or not then:
        return Fraction(0)
    (price, lots), (price_then, lots_then) = now[0], then[0]
    moved = (price - price_then) * better
    return (lots if moved >= 0 else Fraction(0)) - (lots_then if moved <= 0 else Fraction(0))


def _share(bids: Fraction, asks: Fraction) -> Fraction:
    return (bids - asks) / (bids + asks) if bids + asks else Fraction(0)


def _cost(side: list[Level], mid: Fraction, wanted: Fraction, sign: int) -> Value:
    """Average price of taking so much from a side, less the mid, or for -1 the mid less it, in basis points of it."""
    rest, paid = wanted, Fraction(0)
    for price, lots in side:
        taken = min(rest, lots)
        rest -= taken
        paid += taken * price
    return None if rest or not mid else (paid / wanted - mid) * sign * 10_000 / abs(mid)


def _values(bids: list[Level], asks: list[Level], own: Own) -> dict[str, Value]:
    values: dict[str, Value] = {
        f"obi_{levels}": _share(
            *(sum((lots for _, lots in side[: levels or None]), Fraction(0)) for side in (bids, asks))
        )
        for levels in (*LEVELS, *own.depths)
    }
    if not bids or not asks:
        return values
    (bid, bid_lots), (ask, ask_lots) = bids[0], asks[0]
    weight = bid_lots / (bid_lots + ask_lots)
    values |= {"spread": ask - bid, "mid": (bid + ask) / 2, "weighted_mid": weight * ask + (1 - weight) * bid}
    for amount in own.sizes:
        for name, side, sign in (("buy", asks, 1), ("sell", bids, -1)):
            values[f"cost_{name}_bp_{amount:f}"] = _cost(side, (bid + ask) / 2, Fraction(amount), sign)
    for points in POINTS:
        near = [
            sum((lots for p, lots in side if abs(2 * p - (bid + ask)) * 10_000 <= points * abs(bid + ask)), Fraction(0))
            for side in (bids, asks)
        ]
        values |= {
            f"obi_bp_{points}": _share(*near),
            f"depth_bid_bp_{points}": near[0],
            f"depth_ask_bp_{points}": near[1],
        }
    return values
