"""The demo market's book in compiled code: its state, and the four ways in which it changes.

All changes of the book go through this module and are written out as they happen, so the two streams agree with
each other by construction: an order takes resting size at the touch, and the touch is never crossed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from processor.core.events import ASK, BID, CLEAR
from processor.demo.chance import TABLE_SIZE, happens, kernel, scrambled, squashed, uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

LADDER_TICKS: Final = 65_536
START_TICKS: Final = 30_000
TOUCH_LOTS: Final = 24_000
"""The size at the touch on a calm day, in lots."""
LEVELS: Final = 150
"""Levels per side in the opening snapshot, and about as many while the price moves."""
PROFILE_LEVELS: Final = 256
WALLS: Final = 2

_EDGE_SLACK: Final = 20
_MAX_SWEPT_LEVELS: Final = 9
_MAX_EXTRA_PRINTS: Final = 5
_MIN_SPLIT_LOTS: Final = 40
_SOLID_TICKS: Final = 2
"""Within this distance of the touch, in ticks, prices are usually not empty."""
_HABIT_S: Final = 1_900.0
"""Time after which other traders quote at a price, in seconds."""

STATE: Final = np.dtype(
    [
        ("time_s", "f8"),  # since the start
        ("time_ns", "i8"),  # of the events being written: whole milliseconds since the Unix epoch
        ("local_ns", "i8"),
        ("events", "i8"),
        ("trade_rows", "i8"),  # of the output used
        ("book_rows", "i8"),
        ("value", "f8"),  # the hidden value of the instrument, in ticks: the price follows it
        ("log_vol", "f8"),
        ("drift", "f8"),  # ticks a second
        ("anchor", "f8"),  # what a range reverts to
        ("tilt", "f8"),  # -1 to 1: which side of the book is fuller
        ("flow", "f8"),  # slow bias of aggressors, unrelated to the value
        ("signs", "f8"),  # fading memory of aggressors, -1 to 1
        ("rush_fast", "f8"),  # self-excitation of arrivals
        ("rush_slow", "f8"),
        ("liquidity", "f8"),
        ("regime", "i8"),
        ("regime_until_s", "f8"),
        ("cascade", "i8"),  # 0 none, 1 running, 2 rebounding
        ("cascade_until_s", "f8"),
        ("cascade_from", "f8"),
        ("next_cascade_s", "f8"),
    ]
)
WALL: Final = np.dtype(
    [
        ("lots", "i8"),  # its remaining size, 0 for none
        ("side", "i8"),
        ("price", "i8"),
        ("until_s", "f8"),
        ("move_s", "f8"),
        ("firm", "i8"),  # 1: stays when the price comes near
    ]
)
BOOK_ROW: Final = np.dtype(
    [("time_ns", "i8"), ("local_ns", "i8"), ("price_ticks", "i8"), ("size_lots", "i8"), ("side", "i1")]
)
TRADE_ROW: Final = np.dtype(
    [("time_ns", "i8"), ("local_ns", "i8"), ("price_ticks", "i8"), ("size_lots", "i8"), ("aggressor", "i1")]
)


class Market(NamedTuple):
    """All state that the kernels work on, as arrays that change in place.

    `ladder` has the lots at each price, bids below and asks above the touch; `touch` has the best bid and ask, and
    `edge` the farthest occupied price, each by side.
    """

    state: NDArray[Any]
    dice: NDArray[np.uint64]
    ladder: NDArray[np.int64]
    touch: NDArray[np.int64]
    edge: NDArray[np.int64]
    walls: NDArray[Any]
    profile: NDArray[np.int64]
    scatter: NDArray[np.float64]
    sizes: NDArray[np.int64]
    waits: NDArray[np.float64]
    book_rows: NDArray[Any]
    trade_rows: NDArray[Any]


@kernel
def write_level(market: Market, side: int, price: int, lots: int) -> None:
    """Set and publish the size at one price; the caller updates touch and edge.

    Size leaves from the front of the queue, so a wall, which joined late, leaves last.
    """
    state = market.state[0]
    market.ladder[price] = lots
    for i in range(WALLS):
        wall = market.walls[i]
        if wall.side == side and wall.price == price:
            wall.lots = min(wall.lots, lots)
    row = market.book_rows[state.book_rows]
    row.time_ns = state.time_ns
    row.local_ns = state.local_ns
    row.price_ticks = price
    row.size_lots = lots
    row.side = side
    state.book_rows += 1
    state.events += 1


@kernel
def write_trade(market: Market, aggressor: int, price: int, lots: int) -> None:
    """Publish one trade."""
    state = market.state[0]
    row = market.trade_rows[state.trade_rows]
    row.time_ns = state.time_ns
    row.local_ns = state.local_ns
    row.price_ticks = price
    row.size_lots = lots
    row.aggressor = aggressor
    state.trade_rows += 1
    state.events += 1


@kernel
def middle(market: Market) -> float:
    """The middle of the touch, in ticks."""
    return 0.5 * float(market.touch[BID] + market.touch[ASK])


@kernel
def wall_at(market: Market, side: int, price: int) -> int:
    """The lots of a wall at this price."""
    lots = 0
    for i in range(WALLS):
        wall = market.walls[i]
        if wall.lots > 0 and wall.side == side and wall.price == price:
            lots += wall.lots
    return lots


@kernel
def usual_lots(market: Market, side: int, price: int) -> int:
    """The usual lots at a price: a hump near the touch, more at round prices, more on the favoured side."""
    state = market.state[0]
    outward = 2 * side - 1
    distance = (price - market.touch[side]) * outward
    spell = int((state.time_s + 61.0 * (price % 31)) / _HABIT_S)
    dice = scrambled(np.uint64(price * 65_536 + spell))
    habit = market.scatter[int(dice & np.uint64(TABLE_SIZE - 1))]
    if distance > _SOLID_TICKS and (dice >> np.uint64(40)) % np.uint64(14) == np.uint64(0) and price % 5 != 0:
        return 0
    if distance > 0:
        if price % 100 == 0:
            habit = 1.6 + habit
        elif price % 50 == 0:
            habit = 0.9 + habit
        elif price % 10 == 0:
            habit = 0.4 + habit
    pull = -outward * squashed(3.0 * (state.value - middle(market)))
    lean = -outward * state.tilt
    if distance <= 0:
        favour = 1.0 + 1.35 * pull + 0.2 * lean
        habit = 0.5 + 0.5 * habit
    else:
        favour = 1.0 + 0.5 * pull / (1.0 + 0.7 * distance) + 0.75 * lean / (1.0 + 0.04 * distance)
    near = min(max(distance, 0), PROFILE_LEVELS - 1)
    lots = market.profile[near] * habit * state.liquidity * max(favour, 0.04)
    return max(1, int(lots))


@kernel
def refresh(market: Market, side: int, price: int) -> None:
    """Add and cancel orders at one price at or behind the touch."""
    usual = usual_lots(market, side, price)
    standing = market.ladder[price]
    wall = min(wall_at(market, side, price), standing)
    free = standing - wall
    if usual == 0:
        lots = 0
    else:
        share = 0.4 + 0.6 * uniform(market.dice)
        noise = 0.82 + 0.36 * uniform(market.dice)
        lots = max(1, int((free + (usual - free) * share) * noise))
        if happens(market.dice, 0.3):
            # Traders prefer round sizes, from a hundred on.
            lots = max(100, lots // 100 * 100)
    lots += wall
    if lots == standing or (lots == 0 and price == market.touch[side]):
        return
    write_level(market, side, price, lots)


@kernel
def retreat(market: Market, side: int) -> None:
    """Move the touch of a side whose best price is empty to its next occupied price."""
    outward = 2 * side - 1
    price = market.touch[side]
    while market.ladder[price] == 0:
        price += outward
    market.touch[side] = price


@kernel
def market_order(market: Market, aggressor: int, lots: int) -> int:
    """Execute an order at the touch and behind it; returns the number of emptied levels.

    Each level gives several trades, because several orders rested there.
    """
    side = ASK if aggressor > 0 else BID
    emptied = 0
    while lots > 0 and emptied < _MAX_SWEPT_LEVELS:
        price = market.touch[side]
        standing = market.ladder[price]
        filled = min(lots, standing)
        left = filled
        prints = 0
        while left > 0:
            part = left
            if prints < _MAX_EXTRA_PRINTS and left > _MIN_SPLIT_LOTS and happens(market.dice, 0.36):
                part = max(1, int(left * (0.1 + 0.8 * uniform(market.dice))))
            write_trade(market, aggressor, price, part)
            left -= part
            prints += 1
        write_level(market, side, price, standing - filled)
        lots -= filled
        if standing == filled:
            retreat(market, side)
            emptied += 1
    return emptied


@kernel
def pull_touch(market: Market, side: int) -> None:
    """Cancel everything at the best price of a side."""
    write_level(market, side, market.touch[side], 0)
    retreat(market, side)


@kernel
def narrow(market: Market, side: int) -> None:
    """Improve the best price of a side by a tick with a small first order."""
    price = market.touch[side] + 1 - 2 * side
    lots = 50 + int(TOUCH_LOTS * market.state[0].liquidity * (0.04 + 0.4 * uniform(market.dice)))
    write_level(market, side, price, lots)
    market.touch[side] = price


@kernel
def tend_edges(market: Market) -> None:
    """Keep about LEVELS ticks of book behind the touch while it moves."""
    for side in range(2):
        outward = 2 * side - 1
        for _ in range(3):
            reach = (market.edge[side] - market.touch[side]) * outward
            if reach > LEVELS + _EDGE_SLACK:
                write_level(market, side, market.edge[side], 0)
                while market.ladder[market.edge[side]] == 0:
                    market.edge[side] -= outward
            elif reach < LEVELS - _EDGE_SLACK:
                market.edge[side] += outward
                write_level(market, side, market.edge[side], max(1, usual_lots(market, side, market.edge[side])))
            else:
                break


@kernel
def open_market(market: Market) -> None:
    """Publish the opening snapshot around START_TICKS."""
    market.touch[BID] = START_TICKS
    market.touch[ASK] = START_TICKS + 1
    write_level(market, CLEAR, 0, 0)
    for side in range(2):
        outward = 2 * side - 1
        for k in range(LEVELS):
            price = market.touch[side] + outward * k
            lots = usual_lots(market, side, price)
            if lots > 0:
                write_level(market, side, price, lots)
                market.edge[side] = price
