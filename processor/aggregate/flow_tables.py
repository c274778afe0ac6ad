"""The tables of footprints, of statistics and of profiles: filled with the cells of whole bars as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

import numpy as np
import polars as pl

from processor.core.decimals import decimal_floats
from processor.core.flow.cells import LOTS, Cells, concatenated, no_cells
from processor.core.flow.imbalance import imbalances
from processor.core.flow.statistics import nothing_before, statistics
from processor.units import MS_PER_DAY, NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from processor.core.flow.cells import Ints, Lots
    from processor.core.flow.profile import ValueAreas
    from processor.core.flow.statistics import Moments

    Labels = Callable[[Ints], Ints]
    """Starts of bars in ms, of their names."""

_VOLUMES: Final = tuple(name.replace("lots", "volume") for name in LOTS)


class FlowTable(Protocol):
    """A table that takes in the cells of successive whole bars and gives its rows as they are known."""

    name: ClassVar[str]
    counted: ClassVar[str]
    """What its rows are."""
    time: ClassVar[str]
    """The column that its rows ascend by, in ms."""

    def take(self, cells: Cells, height_ticks: int, labels: Labels) -> pl.DataFrame:
        """The rows that are known with these bars."""

    def end(self) -> pl.DataFrame | None:
        """The rows that are known at the end."""


class Footprint:
    """A row for each bar and traded price row."""

    name: ClassVar = "footprint"
    counted: ClassVar = "price rows"
    time: ClassVar = "timestamp_ms"

    def take(self, cells: Cells, height_ticks: int, labels: Labels) -> pl.DataFrame:
        """See FlowTable."""
        bars = cells.of_bars().in_rows(height_ticks)
        buys, sells = imbalances(bars, height_ticks)
        return pl.DataFrame(
            {
                "timestamp_ms": np.repeat(labels(bars.bucket), np.diff(bars.starts)),
                **_of_cells(bars),
                "buy_imbalance": buys,
                "sell_imbalance": sells,
            }
        )

    def end(self) -> None:
        """See FlowTable."""


class Statistics:
    """A row for each bar with a trade."""

    name: ClassVar = "statistics"
    counted: ClassVar = "bars"
    time: ClassVar = "timestamp_ms"

    def __init__(self) -> None:
        self._before = nothing_before()
        self._decimals = (0, 0)

    def take(self, cells: Cells, height_ticks: int, labels: Labels) -> pl.DataFrame:
        """See FlowTable."""
        decimals = cells.price_decimals, cells.size_decimals
        before = self._before.finer(decimals[0] - self._decimals[0], decimals[1] - self._decimals[1])
        self._decimals = decimals
        found, self._before = statistics(cells, height_ticks, before)
        bars, (price_decimals, size_decimals) = found.cells, decimals
        bought, sold, unknown = found.sides
        unfinished_high, unfinished_low = found.unfinished

        def lots(values: Lots) -> NDArray[np.float64]:
            return lot_floats(values, size_decimals)

        def moments(prefix: str, values: Sequence[Moments]) -> dict[str, pl.Series]:
            return {
                f"{prefix}vwap": pl.Series([each.vwap(price_decimals) for each in values], dtype=pl.Float64),
                f"{prefix}sigma": pl.Series([each.sigma(price_decimals) for each in values], dtype=pl.Float64),
            }

        own = moments("", found.own)
        return pl.DataFrame(
            {
                "timestamp_ms": labels(bars.bucket),
                "volume": lots(bought + sold + unknown),
                "buy_volume": lots(bought),
                "sell_volume": lots(sold),
                "unknown_volume": lots(unknown),
                "trades": found.trades,
                "delta": lots(bought - sold),
                "delta_max": lots(bars.delta_high),
                "delta_min": lots(bars.delta_low),
                **_areas("", found.areas, price_decimals),
                "vwap": own["vwap"],
                "duration_ms": (bars.last_ns - bars.first_ns) // NS_PER_MS,
                "unfinished_high": unfinished_high,
                "unfinished_low": unfinished_low,
                **moments("session_", found.session),
                **_areas("session_", found.session_areas, price_decimals),
                "sigma": own["sigma"],
                **moments("dataset_", found.dataset),
            }
        )

    def end(self) -> None:
        """See FlowTable."""


class Profile:
    """A row for each session and traded price row."""

    name: ClassVar = "profile"
    counted: ClassVar = "price rows"
    time: ClassVar = "session_ms"

    def __init__(self) -> None:
        self._open = no_cells()

    def take(self, cells: Cells, height_ticks: int, labels: Labels) -> pl.DataFrame:
        """See FlowTable."""
        days = concatenated([self._open, cells.in_rows(height_ticks).of_days()]).of_days()
        self._open = days.pieces(slice(-1, None))
        return _sessions(days.pieces(slice(0, -1)))

    def end(self) -> pl.DataFrame:
        """See FlowTable."""
        return _sessions(self._open)


FLOW_TABLES: Final[tuple[type[FlowTable], ...]] = (Footprint, Statistics, Profile)


def lot_floats(lots: Lots, size_decimals: int) -> NDArray[np.float64]:
    """Lots in the instrument's own units, correctly rounded."""
    column = pl.Series(lots.tolist(), dtype=pl.Int128) if lots.dtype == object else lots
    return decimal_floats(column, size_decimals)


def _of_cells(cells: Cells) -> dict[str, NDArray[np.float64] | Ints]:
    volumes = (lot_floats(getattr(cells, name), cells.size_decimals) for name in LOTS)
    return {
        "row_price": decimal_floats(cells.price_ticks, cells.price_decimals),
        **dict(zip(_VOLUMES, volumes, strict=True)),
        "trades": cells.trades,
    }


def _sessions(days: Cells) -> pl.DataFrame:
    return pl.DataFrame({"session_ms": np.repeat(days.day * MS_PER_DAY, np.diff(days.starts)), **_of_cells(days)})


def _areas(prefix: str, areas: ValueAreas, price_decimals: int) -> dict[str, pl.Series]:
    columns = {"poc": areas.poc_ticks, "vah": areas.vah_ticks, "val": areas.val_ticks}
    known = pl.Series(areas.known)
    nothing = pl.Series([None], dtype=pl.Float64)
    return {
        prefix + name: pl.Series(decimal_floats(ticks, price_decimals)).zip_with(known, nothing)
        for name, ticks in columns.items()
    }
