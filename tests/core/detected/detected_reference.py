"""The definitions of events, slowly and obviously: the whole stream is looked through for each, Fractions throughout.

It shares no code with the processor.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

SECOND = 10**9
HOUR = 3600 * SECOND
DAY = 24 * HOUR
BUY, SELL = 1, -1
BID, ASK, CLEAR = 0, 1, 2
LEAST = 100
"""Orders, or windows, below which none is large."""
SIDES = {BUY: "buy", SELL: "sell", 0: "unknown"}


class Trade(NamedTuple):
    time_ns: int
    price: Fraction
    size: Fraction
    side: int


class Update(NamedTuple):
    time_ns: int
    side: int
    price: Fraction
    size: Fraction


Row = tuple[int, str, str, Fraction, Fraction, int, str]
Book = tuple[dict[Fraction, Fraction], dict[Fraction, Fraction]]


def orders(trades: list[Trade]) -> list[list[Trade]]:
    return [list(run) for _, run in groupby(trades, key=lambda trade: (trade.time_ns, trade.side))]


def is_large(value: Fraction, before: list[Fraction]) -> bool:
    """At least three population deviations above the mean of at least a hundred."""
    if len(before) < LEAST:
        return False
    mean = sum(before) / len(before)
    variance = sum((each - mean) ** 2 for each in before) / len(before)
    return variance > 0 and value > mean and (value - mean) ** 2 >= 9 * variance


def sweeps(trades: list[Trade]) -> list[Row]:
    return [
        (
            run[0].time_ns,
            "sweep",
            SIDES[run[0].side],
            run[-1].price,
            sum((trade.size for trade in run), Fraction(0)),
            run[0].time_ns,
            str(len({trade.price for trade in run})),
        )
        for run in orders(trades)
        if len({trade.price for trade in run}) >= 3
    ]


def large(trades: list[Trade]) -> list[Row]:
    found: list[Row] = []
    sizes = [(run[0].time_ns, sum((trade.size for trade in run), Fraction(0))) for run in orders(trades)]
    for run, (time_ns, size) in zip(orders(trades), sizes, strict=True):
        if is_large(size, [other for at, other in sizes if time_ns - HOUR <= at < time_ns]):
            side = SIDES[run[0].side]
            found.append((time_ns, "large", side, run[-1].price, size, time_ns, str(len(run))))
    return found


def books(updates: list[Update]) -> list[tuple[int, Book]]:
    """The book after each distinct time."""
    bids: dict[Fraction, Fraction] = {}
    asks: dict[Fraction, Fraction] = {}
    found = []
    for time_ns, group in groupby(updates, key=lambda update: update.time_ns):
        for update in group:
            if update.side == CLEAR:
                bids.clear()
                asks.clear()
                continue
            side = (bids, asks)[(update.side - BID) % 3]
            if update.side > CLEAR:
                side.clear()
            side[update.price] = update.size
            if not update.size:
                del side[update.price]
        found.append((time_ns, (dict(bids), dict(asks))))
    return found


def standing(found: list[tuple[int, Book]], time_ns: int) -> Book:
    before = [book for at, book in found if at <= time_ns]
    return before[-1] if before else ({}, {})


def absorptions(trades: list[Trade], updates: list[Update], last_ns: int) -> list[Row]:
    windows: list[list[Trade]] = []
    for trade in trades:
        if trade.side:
            for window in windows:
                is_its = (window[0].price, window[0].side) == (trade.price, trade.side)
                if is_its and trade.time_ns < window[0].time_ns + 10 * SECOND:
                    window.append(trade)
                    break
            else:
                windows.append([trade])
    sums = [
        (window[0].time_ns + 10 * SECOND, sum((each.size for each in window), Fraction(0)), window[0])
        for window in windows
    ]
    by_time = books(updates)
    found: list[Row] = []
    for end_ns, size, first in sums:
        if end_ns > last_ns or not is_large(size, [other for at, other, _ in sums if end_ns - HOUR <= at < end_ns]):
            continue
        bids, asks = standing(by_time, end_ns)
        stands = (asks and min(asks) <= first.price) if first.side == BUY else (bids and max(bids) >= first.price)
        if stands:
            found.append((end_ns, "absorption", SIDES[first.side], first.price, size, first.time_ns, ""))
    return found


def outstanding(levels: dict[Fraction, Fraction], side: int) -> list[tuple[Fraction, Fraction]]:
    """The levels among the best 50 that are at least ten times their median."""
    best = sorted(levels.items(), reverse=side == BID)[:50]
    return [level for level in best if level[1] >= 10 * median(size for _, size in best)]


def walls(trades: list[Trade], updates: list[Update], last_ns: int) -> list[Row]:
    found: list[Row] = []
    if not updates:
        return found
    by_time = books(updates)
    runs: dict[tuple[int, Fraction], list[Fraction]] = {}
    at = 0
    for second in range(-(-updates[0].time_ns // SECOND), last_ns // SECOND + 1):
        time_ns = second * SECOND
        while at + 1 < len(by_time) and by_time[at + 1][0] <= time_ns:
            at += 1
        book = by_time[at][1]
        now = {(side, price): size for side in (BID, ASK) for price, size in outstanding(book[side], side)}
        for (side, price), sizes in list(runs.items()):
            if (side, price) in now:
                continue
            del runs[side, price]
            if len(sizes) < 5:
                continue
            fall = sizes[-1] - book[side].get(price, Fraction(0))
            traded = sum(
                trade.size for trade in trades if trade.price == price and time_ns - SECOND < trade.time_ns <= time_ns
            )
            how = "faded" if fall <= 0 else "consumed" if 2 * traded >= fall else "pulled"
            found.append((time_ns, "wall", ("bid", "ask")[side], price, sizes[-1], time_ns - len(sizes) * SECOND, how))
        for (side, price), size in now.items():
            run = runs.setdefault((side, price), [])
            run.append(size)
            if len(run) == 5:
                from_ns = time_ns - 4 * SECOND
                found.append((time_ns, "wall", ("bid", "ask")[side], price, size, from_ns, "started"))
    return found


class Bar(NamedTuple):
    start_ns: int
    end_ns: int
    high: Fraction
    low: Fraction
    cvd: Fraction


def bars(trades: list[Trade], starts_ns: list[int], session_ns: int | None) -> list[Bar]:
    """Bars with trades; a bar reaches from one of `starts_ns` to the next, and the last of them starts none.

    The CVD restarts at `session_ns` of each day, or never.
    """
    found: list[Bar] = []
    cvd = Fraction(0)
    day = None
    for start_ns, end_ns in pairwise(starts_ns):
        of_bar = [trade for trade in trades if start_ns <= trade.time_ns < end_ns]
        for trade in of_bar:
            if session_ns is not None and (trade.time_ns - session_ns) // DAY != day:
                cvd, day = Fraction(0), (trade.time_ns - session_ns) // DAY
            cvd += trade.side * trade.size
        if of_bar:
            prices = [trade.price for trade in of_bar]
            found.append(Bar(start_ns, end_ns, max(prices), min(prices), cvd))
    return found


def divergences(of: list[Bar], last_ns: int) -> list[Row]:
    found: list[Row] = []
    for name, sign in (("high", 1), ("low", -1)):
        before: Bar | None = None
        for at in range(3, len(of) - 3):
            value = [sign * (bar.high if sign > 0 else bar.low) for bar in of]
            if not all(value[at] > value[at + shift] for shift in (-3, -2, -1, 1, 2, 3)):
                continue
            pivot, known_ns = of[at], of[at + 3].end_ns
            if before is not None and known_ns <= last_ns:
                price, earlier = (pivot.high, before.high) if sign > 0 else (pivot.low, before.low)
                if sign * price > sign * earlier and sign * pivot.cvd < sign * before.cvd:
                    step = pivot.cvd - before.cvd
                    found.append((known_ns, "divergence", name, price, step, pivot.start_ns, ""))
            before = pivot
    return found


def events(trades: list[Trade], updates: list[Update], starts_ns: list[int], session_ns: int | None) -> list[Row]:
    """All of them, large orders too, in their order; `starts_ns` as `bars` has them."""
    times_ns = [*(trade.time_ns for trade in trades), *(update.time_ns for update in updates)]
    last_ns = max(times_ns)
    found = [
        *sweeps(trades),
        *large(trades),
        *absorptions(trades, updates, last_ns),
        *walls(trades, updates, last_ns),
        *divergences(bars(trades, starts_ns, session_ns), last_ns),
    ]
    return sorted(found, key=lambda row: row[:4])
