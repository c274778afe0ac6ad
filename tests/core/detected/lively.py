"""A lively market for property tests: walls, quiet spells, snapshots, and many trades at few prices."""

from __future__ import annotations

from random import Random
from typing import Final

from hypothesis import strategies as st

from processor.core.events import ASK, BID, BUY, CLEAR, ONLY_ASK, ONLY_BID, SELL, UNKNOWN
from tests.core.streams import EDGE_SIZES, Trade, Update

SECOND: Final = 10**9
MIDNIGHT: Final = 19_000 * 86_400 * SECOND


@st.composite
def markets(draw: st.DrawFn) -> tuple[list[Trade], list[Update]]:
    """A few minutes of a lively market with walls, quiet spells, snapshots and many trades at few prices."""
    chance = Random(draw(st.integers(0, 2**32)))
    rows = draw(st.sampled_from([30, 100, 250]))
    step = draw(st.sampled_from([20_000_000, 250_000_000, 1_000_000_000]))
    of_trades = draw(st.sampled_from([0.05, 0.5, 1.0]))
    edge = draw(st.lists(EDGE_SIZES, max_size=3))
    trades, updates = [], []
    now = MIDNIGHT - rows * step // 4 + draw(st.integers(0, 1))
    for _ in range(rows):
        now += chance.choice([0, 0, 1, step, step, step, SECOND - now % SECOND])
        if chance.random() < 0.01:
            now += 40 * SECOND
        price = 1000 + chance.randint(-4, 4)
        size = chance.choice([1, 2, 3, 4, 5, 60, *edge[:1]]) if chance.random() < 0.9 else chance.choice([900, *edge])
        if chance.random() < of_trades:
            trades.append(Trade(now, (price + 1000) // 2, size, chance.choice([BUY, SELL, SELL, UNKNOWN])))
        elif chance.random() < 0.03:
            updates.append(Update(now, chance.choice([CLEAR, ONLY_BID, ONLY_ASK]), price, size))
        else:
            side = BID if price + chance.choice([0, 0, 1]) <= 1000 else ASK
            updates.append(Update(now, side, price, chance.choice([0, size, size, size])))
    return trades, updates
