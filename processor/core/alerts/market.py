"""What conditions are held against: the numbers of some trades and samples, and the events that become known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from processor.core.alerts.names import HAPPENINGS, PRICE, TRADED
from processor.core.alerts.steps import EVENT, SAMPLE, TRADE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from processor.core.alerts.sampled import Samples
    from processor.core.alerts.steps import Flags, Ints, Steps
    from processor.core.alerts.traded import Traded
    from processor.core.alerts.tree import Compare, Crosses, Happens
    from processor.core.detected.found import Found


class _Beside(NamedTuple):
    """For each value whether it is known, and whether it is above or below a threshold."""

    known: Flags
    above: Flags
    below: Flags


@dataclass
class Market:
    """Trades, samples and events of a stretch of time; of numbers, row 0 is what stood before."""

    traded: Traded
    samples: Samples
    found: Sequence[Found]
    _beside: dict[tuple[str, Fraction], _Beside] = field(default_factory=dict)

    def compared(self, node: Compare, steps: Steps) -> Flags:
        """Whether a comparison holds at each step."""
        known, above, below = self._beside_threshold(node.name, node.threshold)
        match node.operator:
            case ">":
                holds = above
            case ">=":
                holds = known & ~below
            case "<":
                holds = below
            case "<=":
                holds = known & ~above
            case "=":
                holds = known & ~above & ~below
            case _:
                holds = above | below
        return holds[_rows(node.name, steps)]

    def crossed(self, node: Crosses, steps: Steps) -> Flags:
        """Whether a number reaches or passes a threshold with each step."""
        known, above, below = self._beside_threshold(node.name, node.threshold)
        crosses = np.zeros(len(known), np.bool_)
        if node.up:
            crosses[1:] |= below[:-1] & ~below[1:]
        if node.down:
            crosses[1:] |= above[:-1] & ~above[1:]
        return crosses[_rows(node.name, steps)] & steps.own(TRADE if node.name in TRADED else SAMPLE)

    def happened(self, node: Happens, steps: Steps) -> Flags:
        """Whether such an event becomes known with each step."""
        happening = HAPPENINGS[node.name]
        holds = np.array([False, *map(happening.holds, self.found)], np.bool_)
        return holds[steps.event] & steps.own(EVENT)

    def _beside_threshold(self, name: str, threshold: Fraction) -> _Beside:
        found = self._beside.get((name, threshold))
        if found is None:
            found = self._traded(name, threshold) if name in TRADED else self._measured(name, threshold)
            self._beside[name, threshold] = found
        return found

    def _traded(self, name: str, threshold: Fraction) -> _Beside:
        # In whole ticks or lots: nothing is rounded.
        values = self.traded.values[name]
        bound = threshold * 10 ** self._decimals_of(name)
        known = np.ones(len(values), np.bool_)
        known[0] = self.traded.was_known
        above = np.asarray(values > bound.numerator // bound.denominator, np.bool_)
        below = np.asarray(values < -(-bound.numerator // bound.denominator), np.bool_)
        return _Beside(known, above & known, below & known)

    def _measured(self, name: str, threshold: Fraction) -> _Beside:
        values = self.samples.values[name]
        # No comparison holds with NaN, which is no value yet.
        return _Beside(~np.isnan(values), values > float(threshold), values < float(threshold))

    def value_of(self, name: str, trade: int, sample: int) -> float | None:
        """The value of a number in one row of trades or of samples, as it is published."""
        if name in TRADED:
            is_known = trade > 0 or self.traded.was_known
            return int(self.traded.values[name][trade]) / 10 ** self._decimals_of(name) if is_known else None
        value = float(self.samples.values[name][sample])
        return None if np.isnan(value) else value

    def _decimals_of(self, name: str) -> int:
        return self.traded.after.decimals[name != PRICE]


def _rows(name: str, steps: Steps) -> Ints:
    return steps.trade if name in TRADED else steps.sample
