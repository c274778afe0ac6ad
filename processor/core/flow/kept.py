"""What a replay keeps of the order flow: the cells of the newest bars, the sessions, and what was traded before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import concatenated as joined
from processor.core.flow.cells import Cells, cells_of, concatenated, no_cells
from processor.core.flow.counted import Counted
from processor.core.flow.sizes import OrderSizes, SizesBefore
from processor.core.flow.statistics import NO_MOMENTS, Moments, moments
from processor.core.runs import run_starts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from processor.core.aggregates.base import Batch
    from processor.core.events import Trades
    from processor.core.flow.cells import Ints
    from processor.core.flow.sizes import Row
    from processor.settings import CvdReset

MOST_TRADES: Final = 1 << 22
"""Bars are kept as long as they and all later ones have no more trades than this together: some 100 MB of cells."""
EARLIER_SESSIONS: Final = 20
"""Sessions before the current one whose profiles are kept."""
_PENDING: Final = 256
"""Batches that are put together at once: each time the cells of the current session are copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowBefore:
    """What was traded up to a moment: the session of the last trade so far, the sessions before it, and all of it.

    Each session is one piece at single prices; `earlier` has the oldest first, at most EARLIER_SESSIONS of them.
    """

    session: Cells
    earlier: tuple[Cells, ...] = ()
    dataset: Moments = NO_MOMENTS

    def added(self, cells: Cells) -> FlowBefore:
        """The same with later pieces."""
        if not len(cells):
            return self
        *finished, session = sessions_of(concatenated([self.session, cells]))
        in_all = self.dataset.finer(*_grown(self.session, session))
        for found in moments(cells.finer(session.price_decimals, session.size_decimals)):
            in_all += found
        earlier = (*self.earlier, *finished)[-EARLIER_SESSIONS:]
        return FlowBefore(session=session, earlier=earlier, dataset=in_all)


def nothing_traded() -> FlowBefore:
    """Before the first trade."""
    return FlowBefore(session=no_cells())


def sessions_of(cells: Cells) -> list[Cells]:
    """One piece for each session."""
    found = cells.of_sessions()
    return [found.pieces(slice(i, i + 1)) for i in range(len(found))]


@dataclass(frozen=True, slots=True)
class FlowState:
    """What an engine resumes from: what was traded `before`, and all trades since with the names of their bars.

    `sizes` is what was known of the orders before. Of the trades first after `before`, there may be the `cells` of
    bars, and the `rows` of the CVD by order size, instead of themselves; then `sizes` is what was known after them.
    """

    before: FlowBefore
    sizes: SizesBefore
    since: Iterable[tuple[Trades, Ints]] = ()
    cells: Sequence[Cells] = ()
    rows: Sequence[Row] = ()


class Flow:
    """The cells of the newest `keep` bars, the open one last, and the sessions, whatever batches they came in.

    An aggregate (see `Aggregate`): `cells` are those of the kept bars, `before` is what was traded before them, `now`
    what was traded up to now. `sizes` is the CVD by order size, whose resets are those of the CVD. `checked` names the
    last closed bar that was compared with what is known otherwise. Sessions start at `session_ns` of a day.
    """

    def __init__(
        self, keep: int, state: FlowState | None = None, *, reset: CvdReset = "none", session_ns: int = 0
    ) -> None:
        """Start before the first trade, or go on from `state`."""
        self.checked: int | None = None
        self.session_ns: Final = session_ns
        self._keep = keep
        known = (None, ()) if state is None else (state.sizes, state.rows)
        self.sizes = OrderSizes(keep, known[0], reset=reset, session_ns=session_ns, rows=known[1][-keep:])
        self._before = nothing_traded() if state is None else state.before
        self._forgotten: list[Cells] = []
        """Pieces that `_before` has not taken in yet."""
        self._now = self._before
        self._cells = no_cells().finer(self._before.session.price_decimals, self._before.session.size_decimals)
        self._pending: list[Cells] = []
        self._counted = Counted(self._before.dataset.lots, self._before.session.size_decimals)
        if state is not None:
            self._pending += state.cells
            for cells in state.cells:
                self._counted.add(int(cells.volume.sum()), cells.size_decimals)
            self._take_all(state.since)

    def advance(self, batch: Batch) -> bool:
        """See Aggregate: whether an interval is closed is for the bars to say."""
        if batch.trades:
            self._take(joined(batch.trades), np.concatenate(batch.buckets))
        return False

    @property
    def cells(self) -> Cells:
        """At single prices, oldest bar first."""
        self._settle()
        return self._cells

    @property
    def before(self) -> FlowBefore:
        """What was traded before the kept bars."""
        self._settle()
        self._take_forgotten()
        return self._before

    @property
    def now(self) -> FlowBefore:
        """What was traded up to now."""
        self._settle()
        return self._now

    def _take(self, trades: Trades, buckets: Ints) -> None:
        if not len(trades):
            return
        trades, is_narrow = self._counted.take(trades)
        self.sizes.take(trades, buckets, is_narrow=is_narrow)
        self._pending.append(cells_of(trades, buckets, is_narrow=is_narrow, session_ns=self.session_ns))
        if len(self._pending) >= _PENDING:
            self._settle()

    def _take_all(self, parts: Iterable[tuple[Trades, Ints]]) -> None:
        """The same of many parts: each one's cells are made by a thread while its orders are counted."""
        with ThreadPoolExecutor(1) as thread:
            for trades, buckets in parts:
                if not len(trades):
                    continue
                counted, is_narrow = self._counted.take(trades)
                cells = thread.submit(cells_of, counted, buckets, is_narrow=is_narrow, session_ns=self.session_ns)
                self.sizes.take(counted, buckets, is_narrow=is_narrow)
                self._pending.append(cells.result())

    def _settle(self) -> None:
        """Put together what has come, and forget the oldest bars of those that are too many."""
        if not self._pending:
            return
        found = concatenated(self._pending)
        self._pending = []
        self._now = self._now.added(found)
        self._cells = concatenated([self._cells, found])
        self._forget(_first_kept(self._cells, self._keep))

    def _forget(self, pieces: int) -> None:
        if pieces:
            self._forgotten.append(self._cells.pieces(slice(0, pieces)).copy())
            self._cells = self._cells.pieces(slice(pieces, None))
            if len(self._forgotten) >= _PENDING:
                self._take_forgotten()

    def _take_forgotten(self) -> None:
        self._before = self._before.added(concatenated(self._forgotten))
        self._forgotten = []


def _first_kept(cells: Cells, keep: int) -> int:
    """The first piece of the last `keep` bars, or of the last ones that have MOST_TRADES; of the last bar at least."""
    starts = run_starts(cells.bucket)
    trades = cells.sums(cells.trades)
    of_bars = np.add.reduceat(trades, starts)
    in_and_after = np.cumsum(of_bars[::-1])[::-1]
    few_enough = np.flatnonzero(in_and_after <= MOST_TRADES)
    first_bar = max(len(starts) - keep, int(few_enough[0]) if len(few_enough) else len(starts) - 1)
    return int(starts[first_bar])


def _grown(before: Cells, after: Cells) -> tuple[int, int]:
    return after.price_decimals - before.price_decimals, after.size_decimals - before.size_decimals
