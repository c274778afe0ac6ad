"""At which steps a condition becomes true: arrays over the steps of a stretch of time, never a loop over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from processor.core.alerts.tree import Both, Compare, Crosses, Either, Happens, Lasts, lasting, leaves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processor.core.alerts.market import Market
    from processor.core.alerts.steps import Flags, Ints, Steps
    from processor.core.alerts.tree import Expression, Node

Since = tuple[int | None, ...]
"""Per `lasting` condition the time since when it holds, None where it does not."""


@dataclass(frozen=True, slots=True)
class Raised:
    """The steps at which a condition becomes true, since when each has been so, and what to go on with."""

    steps: Steps
    rows: Ints
    from_ns: Ints
    since: Since


def raised(
    expression: Expression, market: Market, steps: Steps, since: Since, *, until_ns: int, is_first: bool
) -> Raised:
    """Where an expression becomes true, among `steps` and at the moments before `until_ns` when something has lasted.

    `since` is from the steps before, of which there are none where it `is_first`: before them nothing is true.
    """
    root = expression.root
    whole = list(lasting(root))
    found = _Truth(market, _with_ends_of_moments(root, market, steps), dict(zip(whole, since, strict=True)))
    for node in whole:
        found = found.with_ends_of(node, until_ns)
    holds = found.holds(root)
    was_true = np.concatenate([[True], holds[:-1]])
    was_true[1:2] &= not is_first
    rows = np.flatnonzero(holds & ~was_true)
    from_ns = found.steps.time_ns[rows]
    if isinstance(root, Lasts) and not root.negated:
        from_ns = found.begun_ns(root)[1][rows]
    return Raised(found.steps, rows, from_ns, tuple(found.since_of(node) for node in whole))


def _with_ends_of_moments(root: Node, market: Market, steps: Steps) -> Steps:
    """With a step after each at which there is an event or a crossing: by then it is over."""
    is_moment = np.zeros(len(steps), np.bool_)
    for leaf in leaves(root):
        match leaf:
            case Crosses():
                is_moment |= market.crossed(leaf, steps)
            case Happens():
                is_moment |= market.happened(leaf, steps)
    rows = np.flatnonzero(is_moment)
    return steps.with_between(rows + 1, steps.time_ns[rows])


@dataclass(frozen=True, slots=True)
class _Truth:
    market: Market
    steps: Steps
    since: Mapping[Lasts, int | None]

    def holds(self, node: Node) -> Flags:
        """Whether a condition holds at each step."""
        found: Flags
        match node:
            case Compare():
                found = self.market.compared(node, self.steps)
            case Crosses():
                found = self.market.crossed(node, self.steps) != node.negated
            case Happens():
                found = self.market.happened(node, self.steps) != node.negated
            case Both(parts):
                found = np.logical_and.reduce([self.holds(part) for part in parts])
            case Either(parts):
                found = np.logical_or.reduce([self.holds(part) for part in parts])
            case Lasts():
                holds, begun_ns = self.begun_ns(node)
                found = (holds & (begun_ns + node.length_ns <= self.steps.time_ns)) != node.negated
        return found

    def begun_ns(self, node: Lasts) -> tuple[Flags, Ints]:
        """Whether what has to last holds at each step, and where it does since when."""
        since_ns = self.since[node]
        holds = self.holds(node.condition).copy()
        holds[0] = since_ns is not None
        begins = holds & ~np.concatenate([[False], holds[:-1]])
        times_ns = self.steps.time_ns.copy()
        times_ns[0] = since_ns or 0
        return holds, times_ns[np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))]

    def since_of(self, node: Lasts) -> int | None:
        """Since when what has to last holds at the last step."""
        holds, begun_ns = self.begun_ns(node)
        return int(begun_ns[-1]) if holds[-1] else None

    def with_ends_of(self, node: Lasts, until_ns: int) -> _Truth:
        """With a step at each moment at which something has lasted for as long as it has to."""
        holds, begun_ns = self.begun_ns(node)
        # A stretch ends with the step that breaks it, or goes on past what is looked at.
        lasts = np.flatnonzero(holds & ~np.concatenate([holds[1:], [False]]))
        ends_ns = np.append(self.steps.time_ns, until_ns - 1)[lasts + 1]
        due_ns = begun_ns[lasts] + node.length_ns
        due_ns = due_ns[(due_ns <= ends_ns) & (due_ns > self.steps.time_ns[0])]
        places = np.searchsorted(self.steps.time_ns[1:], due_ns) + 1
        return _Truth(self.market, self.steps.with_between(places, due_ns), self.since)
