"""Points of control and value areas, of finished profiles and of sessions as they develop; nodes of a profile.

The rules are those of docs/definitions.md, after Steidlmayer's Market Profile. Profiles are sparse: only traded rows
are there, and stretches without one are passed over at once, so that one odd price does not cost time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba.extending import register_jitable

from processor.core.events import read_only
from processor.core.flow.cells import Cells, kernel_for
from processor.with_numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.flow.cells import Ints
    from processor.core.lots import Lots

VALUE_AREA_PERCENT: Final = 70
HIGH_NODE_PERCENT: Final = 70
LOW_NODE_PERCENT: Final = 30
_NODE_REACH: Final = 2
"""Rows on either side that a node is compared with."""


@dataclass(frozen=True, slots=True)
class ValueAreas:
    """Of each profile: lower edge of the point of control, lower and upper edge of the value area, in ticks.

    Where `known` is false the profile has no volume, and so none of these.
    """

    poc_ticks: Ints
    val_ticks: Ints
    vah_ticks: Ints
    known: NDArray[np.bool_]


@dataclass(slots=True)
class Session:
    """The profile of the session so far: its number, its traded rows (numbers, ascending) and their volume."""

    day: int
    rows: Ints
    lots: Lots


def no_session() -> Session:
    """Before the first trade."""
    return Session(-1, np.zeros(0, np.int64), np.zeros(0, np.int64))


def value_areas(cells: Cells, height_ticks: int) -> ValueAreas:
    """Those of each piece of `cells`, which are in rows of that height."""
    found = _unknown(len(cells))
    lots = cells.volume
    kernel_for(_areas, lots)(*map(read_only, (cells.starts, cells.price_ticks // height_ticks, lots)), *found)
    return _in_ticks(found, height_ticks)


def developing(cells: Cells, height_ticks: int, session: Session) -> tuple[ValueAreas, Session]:
    """Those of the session up to the end of each piece, and the session after the last.

    `session` is what was traded before in the session of the first piece, or in an earlier one.
    """
    lots = cells.volume
    room = len(session.rows) + len(cells.price_ticks)
    kind = object if object in (lots.dtype, session.lots.dtype) else np.int64
    rows, volume = np.empty(room, np.int64), np.empty(room, kind)
    rows[: len(session.rows)], volume[: len(session.rows)] = session.rows, session.lots
    found = _unknown(len(cells))
    size, day = kernel_for(_develop, volume)(
        *map(read_only, (cells.starts, cells.day, cells.price_ticks // height_ticks, lots.astype(kind, copy=False))),
        rows,
        volume,
        len(session.rows),
        session.day,
        *found,
    )
    return _in_ticks(found, height_ticks), Session(day, rows[:size].copy(), volume[:size].copy())


def nodes(rows: Ints, lots: Lots) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of a profile's traded rows (numbers, ascending) are nodes of high, and of low volume."""
    count = len(rows)
    most = int(lots.max()) if count else 0
    high, low = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    if not most:
        return high, low
    # The least lots of a high node and the most of a low one, without a product that could leave 64 bits.
    high[:] = lots >= -(-most * HIGH_NODE_PERCENT // 100)
    low[:] = lots <= most * LOW_NODE_PERCENT // 100
    for by in (each for each in range(-_NODE_REACH, _NODE_REACH + 1) if each):
        there = np.minimum(np.searchsorted(rows, rows + by), count - 1)
        beside = np.where(rows[there] == rows + by, lots[there], 0)
        high &= (lots >= beside).astype(np.bool_)
        low &= (lots <= beside).astype(np.bool_)
    for ends in (slice(0, _NODE_REACH), slice(max(0, count - _NODE_REACH), None)):
        high[ends] = low[ends] = False
    return high, low


def _unknown(count: int) -> tuple[Ints, Ints, Ints, NDArray[np.bool_]]:
    return np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.bool_)


def _in_ticks(found: tuple[Ints, Ints, Ints, NDArray[np.bool_]], height_ticks: int) -> ValueAreas:
    poc, val, top, known = found
    return ValueAreas(poc * height_ticks, val * height_ticks, (top + known) * height_ticks, known)


@register_jitable
def _poc(rows: Ints, lots: Lots, first: int, last: int) -> int:
    """Which of a profile's rows has the most volume: of several the one nearest to the middle, then the lower."""
    ends = rows[first] + rows[last - 1]
    best = first
    for i in range(first + 1, last):
        if lots[i] > lots[best] or (lots[i] == lots[best] and abs(2 * rows[i] - ends) < abs(2 * rows[best] - ends)):
            best = i
    return best


@register_jitable
def _area(rows: Ints, lots: Lots, first: int, last: int, poc: int, total: Any) -> tuple[int, int]:  # noqa: ANN401
    """The lowest and the highest row of the value area; `total` is the profile's whole volume."""
    # In whole lots, and without a product that could leave 64 bits.
    needed = total // 100 * VALUE_AREA_PERCENT + (total % 100 * VALUE_AREA_PERCENT + 99) // 100
    held = lots[poc]
    zero = held - held
    bottom, top = rows[first], rows[last - 1]
    low = high = rows[poc]
    below, above = poc - 1, poc + 1
    while held < needed and (low > bottom or high < top):
        next_above, up = above, zero
        while next_above < last and rows[next_above] <= high + 2:
            up += lots[next_above]
            next_above += 1
        next_below, down = below, zero
        while next_below >= first and rows[next_below] >= low - 2:
            down += lots[next_below]
            next_below -= 1
        goes_up = high < top and (low == bottom or up >= down)
        goes_down = low > bottom and (high == top or down >= up)
        if goes_up:
            high, above, held = min(high + 2, top), next_above, held + up
        if goes_down:
            low, below, held = max(low - 2, bottom), next_below, held + down
        # Where nothing was traded in these rows, the pairs before the next traded row are empty, too.
        if up == 0 and down == 0:
            pairs_up = (rows[above] - high - 1) // 2 if above < last else 0
            pairs_down = (low - rows[below] - 1) // 2 if below >= first else 0
            if high < top and low > bottom:
                pairs_up = pairs_down = min(pairs_up, pairs_down)
            if goes_up and high < top:
                high += 2 * max(pairs_up, 0)
            if goes_down and low > bottom:
                low -= 2 * max(pairs_down, 0)
    return low, high


@njit(cache=True, nogil=True)
def _areas(starts: Ints, rows: Ints, lots: Lots, poc: Ints, low: Ints, high: Ints, known: NDArray[np.bool_]) -> None:
    for piece in range(len(starts) - 1):
        first, last = starts[piece], starts[piece + 1]
        total = lots[first] - lots[first]
        for i in range(first, last):
            total += lots[i]
        if total == 0:
            continue
        at = _poc(rows, lots, first, last)
        low[piece], high[piece] = _area(rows, lots, first, last, at, total)
        poc[piece] = rows[at]
        known[piece] = True


@njit(cache=True, nogil=True)
def _develop(  # noqa: C901 - one pass, as kernels are
    starts: Ints,
    day: Ints,
    rows: Ints,
    lots: Lots,
    held_rows: Ints,
    held_lots: Lots,
    size: int,
    held_day: int,
    poc: Ints,
    low: Ints,
    high: Ints,
    known: NDArray[np.bool_],
) -> tuple[int, int]:
    """Add each piece to the session held in the first `size` of `held_rows`; return its size and day in the end."""
    total = lots[0] - lots[0] if len(lots) else 0
    for i in range(size):
        total += held_lots[i]
    for piece in range(len(starts) - 1):
        if day[piece] != held_day:
            size, held_day, total = 0, day[piece], total - total
        first, last = starts[piece], starts[piece + 1]
        missing = 0
        for i in range(first, last):
            total += lots[i]
            at = np.searchsorted(held_rows[:size], rows[i])
            if at == size or held_rows[at] != rows[i]:
                missing += 1
        # From the end, so that nothing is overwritten before it has moved.
        to, at = size + missing - 1, size - 1
        i = last - 1
        while i >= first:
            while at >= 0 and held_rows[at] > rows[i]:
                if to != at:
                    held_rows[to], held_lots[to] = held_rows[at], held_lots[at]
                to -= 1
                at -= 1
            if at >= 0 and held_rows[at] == rows[i]:
                held_lots[at] += lots[i]
            else:
                held_rows[to], held_lots[to] = rows[i], lots[i]
                to -= 1
            i -= 1
        size += missing
        if total == 0:
            continue
        at = _poc(held_rows, held_lots, 0, size)
        low[piece], high[piece] = _area(held_rows, held_lots, 0, size, at, total)
        poc[piece] = held_rows[at]
        known[piece] = True
    return size, held_day
