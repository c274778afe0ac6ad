"""Diagonal imbalance within a bar: what was bought at a row beside what was sold one row below, and the reverse.

Only whole numbers are compared: A > r B is A q > B p for a ratio r of p / q.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.lots import NARROW_LOTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.flow.cells import Cells
    from processor.core.lots import Lots


@dataclass(frozen=True, slots=True)
class ImbalanceRule:
    """By how much one side must exceed the other (`ratio`), how many lots it must have, and whether 0 is compared."""

    ratio: Fraction = Fraction(3)
    least_lots: int = 0
    ignore_zero: bool = False


DEFAULT_RULE: Final = ImbalanceRule()


def imbalances(
    cells: Cells, height_ticks: int, rule: ImbalanceRule = DEFAULT_RULE
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which cells of bars in rows have a buy imbalance, and which a sell imbalance.

    A row without a trade between a bar's lowest and highest counts as zero. The lowest row has no buy imbalance, and
    the highest none of the sellers.
    """
    count = len(cells.price_ticks)
    is_lowest, is_highest = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    is_lowest[cells.starts[:-1]] = True
    is_highest[cells.starts[1:] - 1] = True
    follows = np.zeros(count, np.bool_)
    follows[1:] = np.diff(cells.price_ticks) == height_ticks
    follows &= ~is_lowest
    below, above = np.zeros_like(cells.sell_lots), np.zeros_like(cells.buy_lots)
    rows = np.flatnonzero(follows)
    below[rows] = cells.sell_lots[rows - 1]
    above[rows - 1] = cells.buy_lots[rows]
    buys = ~is_lowest & _exceeds(cells.buy_lots, below, rule)
    sells = ~is_highest & _exceeds(cells.sell_lots, above, rule)
    return buys, sells


def _exceeds(lots: Lots, opposite: Lots, rule: ImbalanceRule) -> NDArray[np.bool_]:
    over, under = rule.ratio.as_integer_ratio()
    largest = max(int(lots.max()), int(opposite.max())) if len(lots) else 0
    if largest * max(over, under) >= NARROW_LOTS:
        lots, opposite = lots.astype(object), opposite.astype(object)
    found: NDArray[np.bool_] = (lots * under > opposite * over) & (lots >= rule.least_lots)
    if rule.ignore_zero:
        found = found & (opposite > 0)
    return found.astype(np.bool_)
