"""The steps of a market: the moments at which a condition is looked at, in one order whatever the batches.

Of one time first come the ends of what has to last, then its trades, one by one, then the sample of the book, then the
events that become known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

TRADE: Final = 0
SAMPLE: Final = 1
EVENT: Final = 2
BETWEEN: Final = 3
"""A step at which nothing new comes: what stands goes on, and what was for a moment is over."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps in order, the first of which is where the ones before have ended.

    `kind` is what comes with a step. `trade`, `sample` and `event` are the row of the last one of each that has come,
    row 0 being what stood before.
    """

    time_ns: Ints
    kind: Ints
    trade: Ints
    sample: Ints
    event: Ints

    def __len__(self) -> int:
        """Steps."""
        return len(self.time_ns)

    def with_between(self, before: Ints, times_ns: Ints) -> Steps:
        """With more steps at which nothing comes, each at a time and before the step of a number, in order."""
        if not len(before):
            return self
        return Steps(
            np.insert(self.time_ns, before, times_ns),
            np.insert(self.kind, before, BETWEEN),
            *(np.insert(rows, before, rows[before - 1]) for rows in (self.trade, self.sample, self.event)),
        )

    def own(self, kind: int) -> Flags:
        """Whether something of a kind comes with each step."""
        found: Flags = self.kind == kind
        return found


def steps_of(last_ns: int, times_ns: Sequence[Ints]) -> Steps:
    """The steps after one at `last_ns`, of the times of trades, of samples and of events, each in order."""
    time_ns = np.concatenate(times_ns)
    kind = np.repeat(np.arange(len(times_ns)), [len(each) for each in times_ns])
    order = np.lexsort((kind, time_ns))
    kind = np.concatenate([[BETWEEN], kind[order]])
    return Steps(
        np.concatenate([[last_ns], time_ns[order]]),
        kind,
        *(np.cumsum(kind == each, dtype=np.int64) for each in (TRADE, SAMPLE, EVENT)),
    )
