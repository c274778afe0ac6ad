"""The table of the heatmap: a row for each column, side and price row with something in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

import numpy as np
import polars as pl

from processor.core.decimals import decimal_floats
from processor.core.flow.frames import lot_floats
from processor.core.flow.rows import decimals_of
from processor.core.heatmap.columns import Columns
from processor.core.intervals import labels_ms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from processor.core.aggregates.base import Batch
    from processor.core.heatmap.resting import Cells
    from processor.settings import Aggregation

Mode = Literal["last", "max"]
MODES: Final[tuple[Mode, ...]] = ("last", "max")
_SIDES: Final = pl.Series(["bid", "ask"], dtype=pl.Enum(["bid", "ask"]))


class Heatmap:
    """A row for each column, side and price row; `mode` says which of a column's samples counts."""

    name: ClassVar = "heatmap"
    counted: ClassVar = "cells"
    time: ClassVar = "timestamp_ms"
    has_rows_of_price: ClassVar = True

    def __init__(self, aggregation: Aggregation, height: Fraction, mode: Mode = "last") -> None:
        self._interval_ns = aggregation.interval_ns
        self._height = height
        self._columns = Columns(aggregation.interval_ns, height, greatest=mode == "max")

    def take(self, batch: Batch) -> pl.DataFrame:
        """See BookTable."""
        return self._frame(self._columns.take(batch))

    def end(self) -> pl.DataFrame:
        """See BookTable."""
        return self._frame(self._columns.end())

    def _frame(self, columns: Iterable[tuple[int, Cells]]) -> pl.DataFrame:
        buckets: list[int] = []
        cells: list[Cells] = []
        for bucket, found in columns:
            buckets.append(bucket)
            cells.append(found)
        counts = [len(found.row) for found in cells]
        decimals = decimals_of(self._height)
        side = np.concatenate([np.empty(0, np.int8), *(found.side for found in cells)])
        row = np.concatenate([np.empty(0, np.int64), *(found.row for found in cells)])
        sizes = (lot_floats(found.lots, found.size_decimals) for found in cells)
        return pl.DataFrame(
            {
                "timestamp_ms": np.repeat(labels_ms(np.array(buckets, np.int64), self._interval_ns), counts),
                "side": _SIDES.gather(side),
                "row_price": decimal_floats(row * int(self._height * 10**decimals), decimals),
                "size": np.concatenate([np.empty(0), *sizes]),
            }
        )
