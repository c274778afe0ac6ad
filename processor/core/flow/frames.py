"""Order flow as frames in the instrument's own units: the columns of the tables, and of what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from processor.core.decimals import decimal_floats
from processor.core.flow.cells import LOTS
from processor.core.flow.imbalance import imbalances
from processor.core.sessions import begin_of
from processor.units import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.flow.cells import Cells, Ints
    from processor.core.flow.profile import ValueAreas
    from processor.core.flow.statistics import Moments, Statistics
    from processor.core.lots import Lots

_VOLUMES: Final = tuple(name.replace("lots", "volume") for name in LOTS)


def footprint_frame(bars: Cells, height_ticks: int) -> pl.DataFrame:
    """A row for each bar (`bucket`) and traded price row; `bars` has a piece for each bar, in rows of that height."""
    buys, sells = imbalances(bars, height_ticks)
    return pl.DataFrame(
        {
            "bucket": np.repeat(bars.bucket, np.diff(bars.starts)),
            **_of_cells(bars),
            "buy_imbalance": buys,
            "sell_imbalance": sells,
        }
    )


def statistics_columns(found: Statistics) -> dict[str, list[Any]]:
    """The columns of a table with a row for each bar (`bucket`) with a trade."""
    bars = found.cells
    price_decimals, size_decimals = bars.price_decimals, bars.size_decimals
    bought, sold, unknown = found.sides
    unfinished_high, unfinished_low = found.unfinished
    own = _averages("", found.own, price_decimals)

    def lots(values: Lots) -> list[float]:
        found: list[float] = lot_floats(values, size_decimals).tolist()
        return found

    return {
        "bucket": bars.bucket.tolist(),
        "volume": lots(bought + sold + unknown),
        "buy_volume": lots(bought),
        "sell_volume": lots(sold),
        "unknown_volume": lots(unknown),
        "trades": found.trades.tolist(),
        "delta": lots(bought - sold),
        "delta_max": lots(bars.delta_high),
        "delta_min": lots(bars.delta_low),
        **_areas("", found.areas, price_decimals),
        "vwap": own["vwap"],
        "duration_ms": ((bars.last_ns - bars.first_ns) // NS_PER_MS).tolist(),
        "unfinished_high": unfinished_high.tolist(),
        "unfinished_low": unfinished_low.tolist(),
        **_averages("session_", found.session, price_decimals),
        **_areas("session_", found.session_areas, price_decimals),
        "sigma": own["sigma"],
        **_averages("dataset_", found.dataset, price_decimals),
    }


def statistics_frame(found: Statistics) -> pl.DataFrame:
    """The same as a frame."""
    columns = statistics_columns(found)
    kinds = dict.fromkeys(columns, pl.Float64) | dict.fromkeys(("bucket", "trades", "duration_ms"), pl.Int64)
    return pl.DataFrame(columns, schema=kinds | dict.fromkeys(("unfinished_high", "unfinished_low"), pl.Boolean))


def profile_frame(sessions: Cells, session_ns: int) -> pl.DataFrame:
    """A row for each session and traded price row; `sessions` has a piece for each session, in rows.

    They start at `session_ns` of a day.
    """
    begins_ms = begin_of(sessions.day, session_ns) // NS_PER_MS
    return pl.DataFrame({"session_ms": np.repeat(begins_ms, np.diff(sessions.starts)), **_of_cells(sessions)})


def lot_floats(lots: Lots, size_decimals: int) -> NDArray[np.float64]:
    """Lots in the instrument's own units, correctly rounded."""
    column = pl.Series(lots.tolist(), dtype=pl.Int128()) if lots.dtype == object else lots
    return decimal_floats(column, size_decimals)


def _of_cells(cells: Cells) -> dict[str, NDArray[np.float64] | Ints]:
    volumes = (lot_floats(getattr(cells, name), cells.size_decimals) for name in LOTS)
    return {
        "row_price": decimal_floats(cells.price_ticks, cells.price_decimals),
        **dict(zip(_VOLUMES, volumes, strict=True)),
        "trades": cells.trades,
    }


def _averages(prefix: str, values: Sequence[Moments], price_decimals: int) -> dict[str, list[float | None]]:
    return {
        f"{prefix}vwap": [each.vwap(price_decimals) for each in values],
        f"{prefix}sigma": [each.sigma(price_decimals) for each in values],
    }


def _areas(prefix: str, areas: ValueAreas, price_decimals: int) -> dict[str, list[float | None]]:
    columns = {"poc": areas.poc_ticks, "vah": areas.vah_ticks, "val": areas.val_ticks}
    known: list[bool] = areas.known.tolist()
    return {
        prefix + name: [
            value if is_known else None
            for value, is_known in zip(decimal_floats(ticks, price_decimals).tolist(), known, strict=True)
        ]
        for name, ticks in columns.items()
    }
