"""Alerts of a stretch of time from what stands before it: a pure function, whatever stretches time is cut into."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from processor.core.alerts.evaluate import raised
from processor.core.alerts.market import Market
from processor.core.alerts.names import HAPPENINGS, PRICE
from processor.core.alerts.sampled import Samples
from processor.core.alerts.steps import EVENT, steps_of
from processor.core.alerts.traded import TradedState, traded
from processor.core.alerts.tree import lasting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from processor.core.alerts.evaluate import Raised, Since
    from processor.core.alerts.steps import Ints
    from processor.core.alerts.tree import Expression
    from processor.core.detected.found import Found
    from processor.core.events import Trades
    from processor.settings import CvdReset


class Alert(NamedTuple):
    """One time at which an expression became true: `time_ns` is when that was known.

    `from_ns` is since when it is true, which is earlier where it has to last. `value` is that of the first number that
    the expression names, or the size of the event that raised it; `price` is that of the last trade. Both are in the
    instrument's own units, None where there is none.
    """

    time_ns: int
    from_ns: int
    expression: str
    value: float | None
    price: float | None


@dataclass(frozen=True, slots=True)
class WatchState:
    """What stands after all that was before `until_ns`: that is the time of the first event while it `is_new`.

    Before the first event, it is None. `measured` are the values of measures in the last sample, `since` are those of
    `evaluate.Since`, of each expression.
    """

    until_ns: int | None = None
    is_new: bool = True
    traded: TradedState = field(default_factory=TradedState)
    measured: Mapping[str, float] = field(default_factory=dict)
    since: tuple[Since, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """All that comes from where one has got to on, and before `until_ns`; events are in order."""

    until_ns: int
    trades: Trades
    buckets: Ints
    samples: Samples
    found: Sequence[Found]


def watched(
    expressions: Sequence[Expression], state: WatchState, stretch: Stretch, *, reset: CvdReset, session_ns: int
) -> tuple[list[Alert], WatchState]:
    """The alerts of a stretch, in order of time and of the expressions, and what stands after it.

    Sessions start at `session_ns` of a day; `reset` says whether the CVD restarts with them.
    """
    if state.until_ns is None or stretch.until_ns <= state.until_ns:
        return [], state
    numbers = traded(state.traded, stretch.trades, stretch.buckets, reset=reset, session_ns=session_ns)
    measured = {
        name: np.concatenate([[state.measured.get(name, nan)], values])
        for name, values in stretch.samples.values.items()
    }
    market = Market(numbers, Samples(stretch.samples.time_ns, measured), stretch.found)
    found_ns = np.array([each.time_ns for each in stretch.found], np.int64)
    steps = steps_of(state.until_ns - 1, [stretch.trades.time_ns, stretch.samples.time_ns, found_ns])
    if state.is_new:
        # What needs nothing to come is true with the first event.
        steps = steps.with_between(np.array([1]), np.array([state.until_ns]))
    alerts: list[tuple[int, int, Alert]] = []
    since = []
    before = state.since or tuple((None,) * len(list(lasting(each.root))) for each in expressions)
    for number, (expression, of_before) in enumerate(zip(expressions, before, strict=True)):
        found = raised(expression, market, steps, of_before, until_ns=stretch.until_ns, is_first=state.is_new)
        alerts += [(each.time_ns, number, each) for each in _alerts(expression, market, found)]
        since.append(found.since)
    alerts.sort(key=lambda each: each[:2])
    after = WatchState(
        stretch.until_ns,
        is_new=False,
        traded=numbers.after,
        measured={name: float(values[-1]) for name, values in measured.items()},
        since=tuple(since),
    )
    return [alert for _, _, alert in alerts], after


def _alerts(expression: Expression, market: Market, found: Raised) -> list[Alert]:
    steps, number = found.steps, expression.number
    happenings = [HAPPENINGS[name] for name in expression.events]
    alerts = []
    for row, from_ns in zip(found.rows.tolist(), found.from_ns.tolist(), strict=True):
        trade, sample = int(steps.trade[row]), int(steps.sample[row])
        value = None if number is None else market.value_of(number, trade, sample)
        if steps.kind[row] == EVENT:
            event = market.found[int(steps.event[row]) - 1]
            if any(happening.holds(event) for happening in happenings):
                value = event.size
        price = market.value_of(PRICE, trade, sample)
        alerts.append(Alert(int(steps.time_ns[row]), from_ns, expression.text, value, price))
    return alerts
