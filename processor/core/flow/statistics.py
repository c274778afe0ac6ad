"""Statistics of each bar, and of the session and the dataset up to its end: delta, value areas, VWAP."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.core.events import read_only
from processor.core.flow.cells import LOTS
from processor.core.flow.profile import Session, developing, no_session, value_areas
from processor.core.lots import NARROW_LOTS, finer_lots
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from processor.core.flow.cells import Cells, Ints
    from processor.core.flow.profile import ValueAreas
    from processor.core.lots import Lots

_SAFE: Final = float(NARROW_LOTS)


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over trades, as Python's integers: of v, of v p and of v p^2, in lots and ticks."""

    lots: int = 0
    lots_ticks: int = 0
    lots_ticks2: int = 0

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.lots + other.lots, self.lots_ticks + other.lots_ticks, self.lots_ticks2 + other.lots_ticks2)

    def finer(self, price_decimals: int, size_decimals: int) -> Moments:
        """The same with that many more decimals in prices and in lots."""
        price, size = 10**price_decimals, 10**size_decimals
        return Moments(self.lots * size, self.lots_ticks * size * price, self.lots_ticks2 * size * price * price)

    def vwap(self, price_decimals: int) -> float | None:
        """W = sum(v p) / sum(v), correctly rounded; None without volume."""
        return self.lots_ticks / (self.lots * 10**price_decimals) if self.lots else None

    def sigma(self, price_decimals: int) -> float | None:
        """The square root of sum(v (p - W)^2) / sum(v); None without volume."""
        if not self.lots:
            return None
        # Var = (S2 S0 - S1^2) / S0^2, in integers to the end.
        spread = self.lots_ticks2 * self.lots - self.lots_ticks**2
        return sqrt(spread / (self.lots * self.lots * 100**price_decimals))


NO_MOMENTS: Final = Moments()


def moments(cells: Cells) -> list[Moments]:
    """Those of each piece."""
    lots = cells.volume
    if lots.dtype == object:
        return [_exactly(*part) for part in _parts(cells, lots)]
    found = np.zeros((3, len(cells)), np.int64)
    is_safe = np.zeros(len(cells), np.bool_)
    _sum_moments(
        read_only(cells.starts), read_only(cells.price_ticks), read_only(lots), found[0], found[1], found[2], is_safe
    )
    anchors: list[int] = cells.price_ticks[cells.starts[:-1]].tolist()
    sums = zip(*found.tolist(), anchors, strict=True)
    made = [
        # About 0 instead of the anchor a: sum(v p) = S1 + a S0, sum(v p^2) = S2 + 2 a S1 + a^2 S0.
        Moments(s0, s1 + anchor * s0, s2 + 2 * anchor * s1 + anchor * anchor * s0)
        for s0, s1, s2, anchor in sums
    ]
    if not is_safe.all():
        for piece, part in enumerate(_parts(cells, lots)):
            if not is_safe[piece]:
                made[piece] = _exactly(*part)
    return made


def _parts(cells: Cells, lots: Lots) -> Iterator[tuple[Ints, Lots]]:
    for first, last in zip(cells.starts[:-1].tolist(), cells.starts[1:].tolist(), strict=True):
        yield cells.price_ticks[first:last], lots[first:last]


def _exactly(price_ticks: Ints, lots: Lots) -> Moments:
    pairs = list(zip(price_ticks.tolist(), lots.tolist(), strict=True))
    return Moments(sum(v for _, v in pairs), sum(v * p for p, v in pairs), sum(v * p * p for p, v in pairs))


@njit(cache=True, nogil=True)
def _sum_moments(
    starts: Ints, price: Ints, lots: Lots, sums: Ints, firsts: Ints, seconds: Ints, is_safe: NDArray[np.bool_]
) -> None:
    """Sums about each piece's lowest price; not where they might leave 64 bits."""
    for piece in range(len(starts) - 1):
        first, last = starts[piece], starts[piece + 1]
        reach = float(price[last - 1]) - float(price[first])
        volume = 0.0
        for i in range(first, last):
            volume += float(lots[i])
        if volume * max(1.0, reach) * max(1.0, reach) >= _SAFE:
            continue
        is_safe[piece] = True
        for i in range(first, last):
            distance = price[i] - price[first]
            sums[piece] += lots[i]
            firsts[piece] += lots[i] * distance
            seconds[piece] += lots[i] * distance * distance


@dataclass(frozen=True, slots=True)
class Before:
    """What was traded before the first piece: the session so far, on rows, its moments, and those of the dataset."""

    session: Session
    session_moments: Moments
    dataset_moments: Moments

    def finer(self, price_decimals: int, size_decimals: int) -> Before:
        """The same with that many more decimals in prices and in lots; rows stay as high as they are."""
        return Before(
            Session(self.session.day, self.session.rows, finer_lots(self.session.lots, size_decimals)),
            self.session_moments.finer(price_decimals, size_decimals),
            self.dataset_moments.finer(price_decimals, size_decimals),
        )


def nothing_before() -> Before:
    """Before the dataset's first trade."""
    return Before(no_session(), NO_MOMENTS, NO_MOMENTS)


@dataclass(frozen=True, slots=True)
class Statistics:
    """A row for each bar with a trade, in ticks and lots of the scale of `cells`, which are its cells in rows.

    `areas` are the bar's own point of control and value area, `session_areas` those of the session of its last trade up
    to its end; `own`, `session` and `dataset` are the moments of the same trades, and of all since the dataset's start.
    """

    cells: Cells
    areas: ValueAreas
    own: Sequence[Moments]
    session_areas: ValueAreas
    session: Sequence[Moments]
    dataset: Sequence[Moments]

    @property
    def sides(self) -> tuple[Lots, Lots, Lots]:
        """Lots bought, sold and of unknown side in each bar."""
        bought, sold, unknown = (self.cells.sums(getattr(self.cells, name)) for name in LOTS)
        return bought, sold, unknown

    @property
    def trades(self) -> Ints:
        """Trades in each bar."""
        return self.cells.sums(self.cells.trades)

    @property
    def unfinished(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether both sides traded at a bar's highest row, and at its lowest."""
        both = (self.cells.buy_lots > 0) & (self.cells.sell_lots > 0)
        both = both.astype(np.bool_)
        return both[self.cells.starts[1:] - 1], both[self.cells.starts[:-1]]


def statistics(cells: Cells, height_ticks: int, before: Before) -> tuple[Statistics, Before]:
    """Those of the bars of `cells`, at single prices, and what was traded up to the end of the last."""
    pieces = cells.in_rows(height_ticks)
    is_last = np.append(np.diff(cells.bucket) != 0, np.ones(min(1, len(cells)), np.bool_))
    session_areas, session = developing(pieces, height_ticks, before.session)
    of_pieces = moments(cells)
    running, in_all = before.session_moments, before.dataset_moments
    day = before.session.day
    sessions: list[Moments] = []
    datasets: list[Moments] = []
    own: list[Moments] = []
    bar = NO_MOMENTS
    for piece_day, found, ends in zip(cells.day.tolist(), of_pieces, is_last.tolist(), strict=True):
        running = found if piece_day != day else running + found
        day, in_all, bar = piece_day, in_all + found, bar + found
        if ends:
            own.append(bar)
            sessions.append(running)
            datasets.append(in_all)
            bar = NO_MOMENTS
    of_bars = pieces.of_bars().in_rows(height_ticks)
    areas = value_areas(of_bars, height_ticks)
    chosen: dict[str, NDArray[Any]] = {
        name: getattr(session_areas, name)[is_last] for name in ("poc_ticks", "val_ticks", "vah_ticks", "known")
    }
    made = Statistics(of_bars, areas, own, type(session_areas)(**chosen), sessions, datasets)
    return made, Before(session, running, in_all)
