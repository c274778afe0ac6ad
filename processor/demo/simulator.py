"""The demo market's dynamics in compiled code: the hidden value, the arrivals of traders, and their actions.

A hidden value moves with changing volatility through regimes (calm, ranging, trending, quiet, busy) and sometimes
a cascade of liquidations. Makers shift their sizes towards it and takers trade towards it, both before the price has
followed. So imbalance and aggressive flow lead, and the price comes only from the book.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import ASK, BID
from processor.demo.chance import (
    TABLE_SIZE,
    decayed,
    exponential,
    happens,
    kernel,
    lognormal_table,
    normal,
    picked,
    squashed,
    uniform,
    waiting_table,
)
from processor.demo.market import (
    BOOK_ROW,
    LADDER_TICKS,
    LEVELS,
    PROFILE_LEVELS,
    START_TICKS,
    STATE,
    TOUCH_LOTS,
    TRADE_ROW,
    WALL,
    WALLS,
    Market,
    market_order,
    middle,
    narrow,
    open_market,
    pull_touch,
    refresh,
    tend_edges,
    usual_lots,
    wall_at,
    write_level,
)
from processor.with_numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS: Final = 262_144
"""Rows of each kind that fit into one call of `advance`."""

_RESERVE: Final = 4_096
"""A number of rows that no burst exceeds."""
_NS_PER_MS: Final = 1_000_000
_EVENTS_PER_BURST: Final = 5.2
_USUAL_BURSTS_A_SECOND: Final = 14.0

_VOLATILITY: Final = 1.2
"""Volatility of the value in a normal regime, in ticks per square root of a second."""
_REGIME_VOL: Final = np.array([1.0, 0.85, 1.0, 0.65, 1.4])
_REGIME_PACE: Final = np.array([1.0, 0.85, 1.2, 0.65, 1.5])
_REGIME_MEAN_S: Final = np.array([420.0, 540.0, 540.0, 240.0, 240.0])
_RANGE: Final = 1
_TREND: Final = 2
"""The other regimes (0 normal, 3 quiet, 4 busy) differ only in their parameters."""

_NONE: Final = 0
_RUNNING: Final = 1
_REBOUNDING: Final = 2
"""Stages of a cascade."""

_PULL_S: Final = 18_000.0
"""Time constant of the value's return to its origin, in seconds: hours, so that it is not visible."""
_CASCADE_MEAN_S: Final = 7_000.0
_WALL_MEAN_S: Final = 200.0
_PULL_TICKS: Final = 2
"""Distance of the price, in ticks, at which a wall that is not firm is pulled."""
_REST_TICKS: Final = 3
_FAR_TICKS: Final = 12
_PATIENCE_TICKS: Final = 0.3
"""How far the value must be beyond a level, in ticks, before the level is cleared."""
_POPULAR_LOTS: Final = {1_000: 0.12, 100: 0.06, 10_000: 0.04, 500: 0.03, 5_000: 0.015, 50_000: 0.007}
"""Popular round sizes, with the share of the orders that have them."""
_TRADE_SHARE: Final = 0.24
"""The share of bursts that start with a market order."""
_BRANCHING_FAST: Final = 0.35
_BRANCHING_SLOW: Final = 0.2
_FLOW_S: Final = 50.0
_RUSH_FAST_S: Final = 1.5
_RUSH_SLOW_S: Final = 45.0


def new_market(seed: int, start_ns: int) -> Market:
    """A market before its first event, at `start_ns`."""
    state = np.zeros(1, STATE)
    state["time_ns"] = start_ns
    state["value"] = START_TICKS + 0.5
    state["anchor"] = START_TICKS + 0.5
    state["liquidity"] = 1.0
    state["regime_until_s"] = 240.0
    state["next_cascade_s"] = 4500.0
    return Market(
        state=state,
        dice=np.array([seed], np.uint64),
        ladder=np.zeros(LADDER_TICKS, np.int64),
        touch=np.zeros(2, np.int64),
        edge=np.zeros(2, np.int64),
        walls=np.zeros(WALLS, WALL),
        profile=_profile(),
        scatter=lognormal_table(0.45),
        sizes=_order_sizes(),
        waits=waiting_table(),
        book_rows=np.zeros(ROWS, BOOK_ROW),
        trade_rows=np.zeros(ROWS, TRADE_ROW),
    )


def _profile() -> NDArray[np.int64]:
    distance = np.arange(PROFILE_LEVELS) / 9.0
    hump = distance * np.exp(1.0 - distance)
    lots = TOUCH_LOTS * (0.75 + 1.7 * hump) / (1.0 + distance / 14.0)
    lots[0] = TOUCH_LOTS
    return np.rint(lots).astype(np.int64)


def _order_sizes() -> NDArray[np.int64]:
    """Sizes of market orders, equally likely: a lognormal body, a power-law tail, and the popular sizes."""
    body = 260.0 * lognormal_table(1.45)
    rank = (np.arange(TABLE_SIZE) + 0.5) / TABLE_SIZE
    first = int(0.97 * TABLE_SIZE)
    beyond = np.maximum(rank, rank[first])
    tail = body[first] * ((1.0 - rank[first]) / (1.0 - beyond)) ** (1.0 / 1.35)
    sizes = np.where(rank > rank[first], np.maximum(body, tail), body)
    lots = np.clip(np.rint(sizes), 1, 300_000).astype(np.int64)
    # An odd stride visits every entry once, so each popular size is taken from small and large ones alike.
    order = np.arange(TABLE_SIZE) * 2531 % TABLE_SIZE
    begin = 0
    for popular_lots, share in _POPULAR_LOTS.items():
        end = begin + round(share * TABLE_SIZE)
        lots[order[begin:end]] = popular_lots
        begin = end
    return lots


@njit(cache=True, nogil=True)
def advance(market: Market, start_ns: int, end_s: float, target_events: int) -> bool:
    """Run the market until its output is nearly full (True) or `end_s` seconds after `start_ns` are reached (False).

    The pace is adjusted to reach about `target_events` events in total by then.
    """
    state = market.state[0]
    state.trade_rows = 0
    state.book_rows = 0
    if state.events == 0:
        state.local_ns = state.time_ns + 9 * _NS_PER_MS
        open_market(market)
    room = ROWS - _RESERVE
    rate = target_events / end_s
    bursts_a_second = rate / _EVENTS_PER_BURST
    horizon_s = min(900.0, 0.2 * end_s)
    while state.book_rows < room and state.trade_rows < room:
        ahead = (state.events - rate * state.time_s) / (rate * horizon_s)
        pace = bursts_a_second * min(max(1.0 - ahead, 0.3), 3.0)
        rush = 1.0 - _BRANCHING_FAST - _BRANCHING_SLOW + state.rush_fast + state.rush_slow
        wait_s = picked(market.dice, market.waits) / (pace * rush * _activity(market))
        state.time_s += wait_s
        if state.time_s >= end_s:
            return False
        _set_clocks(market, start_ns)
        _live(market, wait_s)
        if happens(market.dice, _TRADE_SHARE):
            _take(market, bursts_a_second)
        _tend_walls(market)
        _follow_value(market)
        _tend_book(market)
        tend_edges(market)
    return True


@kernel
def _set_clocks(market: Market, start_ns: int) -> None:
    state = market.state[0]
    state.time_ns = start_ns + int(state.time_s * 1000.0) * _NS_PER_MS
    latency_ns = int((4.0 + 3.0 * picked(market.dice, market.waits)) * _NS_PER_MS)
    state.local_ns = max(state.local_ns + 1000, state.time_ns + latency_ns)


@kernel
def _activity(market: Market) -> float:
    state = market.state[0]
    pace = _REGIME_PACE[state.regime] * exponential(0.4 * state.log_vol)
    if state.cascade == _RUNNING:
        pace *= 2.0
    elif state.cascade == _REBOUNDING:
        pace *= 1.4
    return float(pace)


@kernel
def _live(market: Market, wait_s: float) -> None:
    """Advance the hidden state by `wait_s` seconds: regime, value, biases."""
    state = market.state[0]
    dice = market.dice
    if state.time_s >= state.regime_until_s:
        _change_regime(market)
    _tend_cascade(market)
    state.rush_fast *= decayed(wait_s / _RUSH_FAST_S)
    state.rush_slow *= decayed(wait_s / _RUSH_SLOW_S)
    state.log_vol += -state.log_vol * wait_s / 200.0 + 0.3 * np.sqrt(2.0 * wait_s / 200.0) * normal(dice)
    state.log_vol = min(max(state.log_vol, -0.7), 0.9)
    leaning = squashed(state.drift / 0.06)
    state.tilt += (0.55 * leaning - state.tilt) * wait_s / 200.0 + 0.42 * np.sqrt(2.0 * wait_s / 200.0) * normal(dice)
    state.tilt = min(max(state.tilt, -1.0), 1.0)
    state.flow += -state.flow * wait_s / _FLOW_S + 0.6 * np.sqrt(2.0 * wait_s / _FLOW_S) * normal(dice)
    thin = 0.5 if state.cascade == _RUNNING else 1.0
    state.liquidity += (thin * exponential(-0.5 * state.log_vol) - state.liquidity) * min(1.0, wait_s / 15.0)

    volatility = _VOLATILITY * _REGIME_VOL[state.regime] * exponential(state.log_vol)
    if state.cascade != _NONE:
        volatility *= 1.5
    volatility *= 0.8 + 0.2 * min(state.rush_fast + state.rush_slow, 4.0) / (_BRANCHING_FAST + _BRANCHING_SLOW)
    drift = (
        state.drift + 0.04 * state.tilt + 0.08 * state.flow + 0.1 * state.signs - (state.value - START_TICKS) / _PULL_S
    )
    if state.regime == _RANGE and state.cascade == _NONE:
        drift -= (state.value - state.anchor) / 150.0
    state.value += drift * wait_s + volatility * np.sqrt(wait_s) * normal(dice)
    state.value = min(max(state.value, 0.25 * LADDER_TICKS), 0.75 * LADDER_TICKS)


@kernel
def _change_regime(market: Market) -> None:
    state = market.state[0]
    before = state.regime
    while state.regime == before:
        state.regime = int(uniform(market.dice) * 5.0)
    mean_s = _REGIME_MEAN_S[state.regime]
    state.regime_until_s = state.time_s + mean_s * (0.4 + 0.6 * min(picked(market.dice, market.waits), 2.5))
    state.anchor = state.value
    state.drift = 0.0
    if state.regime == _TREND:
        strength = 0.04 + 0.07 * uniform(market.dice)
        away = squashed((state.value - START_TICKS) / 150.0)
        state.drift = -strength if happens(market.dice, 0.5 + 0.4 * away) else strength


@kernel
def _tend_cascade(market: Market) -> None:
    """Sometimes run a cascade of stops: a fast one-sided move that half reverts."""
    state = market.state[0]
    if state.cascade == _NONE:
        if state.time_s < state.next_cascade_s:
            return
        state.cascade = _RUNNING
        state.cascade_from = state.value
        duration_s = 40.0 + 80.0 * uniform(market.dice)
        state.cascade_until_s = state.time_s + duration_s
        strength = 0.3 + 0.5 * uniform(market.dice)
        away = squashed((state.value - START_TICKS) / 150.0)
        state.drift = -strength if happens(market.dice, 0.5 + 0.4 * away) else strength
    elif state.time_s >= state.cascade_until_s:
        if state.cascade == _RUNNING:
            state.cascade = _REBOUNDING
            duration_s = 60.0 + 120.0 * uniform(market.dice)
            state.cascade_until_s = state.time_s + duration_s
            state.drift = (0.25 + 0.4 * uniform(market.dice)) * (state.cascade_from - state.value) / duration_s
        else:
            state.cascade = _NONE
            state.next_cascade_s = state.time_s + _CASCADE_MEAN_S * (0.3 + 0.7 * picked(market.dice, market.waits))
            state.regime_until_s = state.time_s


@kernel
def _take(market: Market, bursts_a_second: float) -> None:
    """Send a market order, on the side favoured by the value, the recent flow and the slow bias."""
    state = market.state[0]
    opinion = 1.3 * (state.value - middle(market)) + 0.9 * state.signs + 0.8 * state.flow + 5.0 * squashed(state.drift)
    aggressor = 1 if uniform(market.dice) < 0.5 + 0.5 * squashed(opinion) else -1
    lots = market.sizes[int(uniform(market.dice) * TABLE_SIZE)]
    if state.cascade == _RUNNING and happens(market.dice, 0.3):
        lots *= 2
    emptied = market_order(market, aggressor, lots)
    _excite(market, bursts_a_second)
    state.signs += 0.1 * (aggressor - state.signs)
    # In a denser market each order moves the value less; otherwise the feedback would run away.
    weight = min(1.0, _USUAL_BURSTS_A_SECOND / bursts_a_second)
    impact = weight * (0.006 * min(1.0, 2.0 * lots / TOUCH_LOTS) + 0.2 * emptied)
    state.value += aggressor * impact


@kernel
def _excite(market: Market, bursts_a_second: float) -> None:
    state = market.state[0]
    takers_a_second = _TRADE_SHARE * bursts_a_second
    state.rush_fast = min(state.rush_fast + _BRANCHING_FAST / (takers_a_second * _RUSH_FAST_S), 2.5)
    state.rush_slow = min(state.rush_slow + _BRANCHING_SLOW / (takers_a_second * _RUSH_SLOW_S), 1.0)


@kernel
def _follow_value(market: Market) -> None:
    """Let the touch follow the value: takers or cancels clear the passed level, makers close the gap."""
    state = market.state[0]
    for _ in range(6):
        side = ASK if state.value > middle(market) else BID
        outward = 2 * side - 1
        beyond = (state.value - market.touch[side]) * outward
        if beyond > _PATIENCE_TICKS and happens(market.dice, 0.8):
            price = market.touch[side]
            wall = wall_at(market, side, price)
            if wall > TOUCH_LOTS // 4:
                market_order(market, outward, int(0.03 * TOUCH_LOTS * picked(market.dice, market.waits)) + 1)
                state.signs += 0.1 * (outward - state.signs)
                state.value = price + outward * min(beyond, 0.6)
                return
            if happens(market.dice, 0.6):
                taken = int(TOUCH_LOTS * 0.2 * picked(market.dice, market.waits)) + 1
                if market.ladder[price] > taken:
                    write_level(market, side, price, taken)
                market_order(market, outward, taken)
                state.signs += 0.1 * (outward - state.signs)
            else:
                pull_touch(market, side)
        while market.touch[ASK] - market.touch[BID] > 1 and happens(market.dice, 0.6):
            narrow(market, BID if state.value > middle(market) else ASK)
        side = ASK if state.value > middle(market) else BID
        if (state.value - market.touch[side]) * (2 * side - 1) <= _PATIENCE_TICKS:
            return


@kernel
def _tend_book(market: Market) -> None:
    """Let makers revise some levels: often the touch, mostly near it, sometimes far away."""
    dice = market.dice
    count = 1 + int(2.2 * picked(dice, market.waits))
    for _ in range(min(count, 24)):
        side = BID if happens(dice, 0.5) else ASK
        if happens(dice, 0.42):
            distance = 0
        elif happens(dice, 0.74):
            distance = 1 + int(7.0 * picked(dice, market.waits))
        else:
            distance = int(uniform(dice) * (LEVELS - 30))
        price = market.touch[side] + (2 * side - 1) * distance
        if (market.edge[side] - price) * (2 * side - 1) > 0:
            refresh(market, side, price)


@kernel
def _tend_walls(market: Market) -> None:
    """Update walls: large orders appear some ticks away, move, and are pulled when the price comes, or executed."""
    state = market.state[0]
    dice = market.dice
    for i in range(WALLS):
        wall = market.walls[i]
        outward = 2 * wall.side - 1
        if wall.lots <= 0:
            if state.time_s >= wall.until_s:
                # until_s is now the time of the next wall.
                if wall.until_s == 0.0:
                    wall.until_s = state.time_s + _WALL_MEAN_S * (0.2 + picked(dice, market.waits))
                    continue
                wall.side = BID if happens(dice, 0.5) else ASK
                outward = 2 * wall.side - 1
                wall.price = market.touch[wall.side] + outward * (5 + int(16.0 * uniform(dice)))
                if happens(dice, 0.5):
                    wall.price = wall.price // 10 * 10 + (10 if wall.side == ASK else 0)
                wall.lots = TOUCH_LOTS // 10 * int(60.0 + 110.0 * uniform(dice))
                wall.firm = 1 if happens(dice, 0.45) else 0
                wall.until_s = state.time_s + 60.0 + 300.0 * picked(dice, market.waits)
                wall.move_s = state.time_s + 15.0 + 40.0 * picked(dice, market.waits)
                write_level(market, wall.side, wall.price, market.ladder[wall.price] + wall.lots)
            continue
        distance = (wall.price - market.touch[wall.side]) * outward
        if state.time_s >= wall.until_s or (wall.firm == 0 and distance <= _PULL_TICKS):
            _take_wall_off(market, i)
            wall.lots = 0
            wall.until_s = state.time_s + _WALL_MEAN_S * (0.2 + picked(dice, market.waits))
        elif state.time_s >= wall.move_s and distance > _REST_TICKS:
            lots = wall.lots
            _take_wall_off(market, i)
            towards = 1 + int(uniform(dice) * min(distance - 2, 4))
            wall.price += -outward * towards if distance > _FAR_TICKS or happens(dice, 0.5) else outward * towards
            write_level(market, wall.side, wall.price, market.ladder[wall.price] + lots)
            wall.lots = lots
            wall.move_s = state.time_s + 15.0 + 40.0 * picked(dice, market.waits)


@kernel
def _take_wall_off(market: Market, i: int) -> None:
    wall = market.walls[i]
    rest = max(market.ladder[wall.price] - wall.lots, 0)
    if rest == 0:
        rest = max(1, usual_lots(market, wall.side, wall.price))
    write_level(market, wall.side, wall.price, rest)
