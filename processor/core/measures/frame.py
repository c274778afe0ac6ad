"""The measures of a book and what was traded, as one table of intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from processor.core.decimals import decimal_floats
from processor.core.measures.layout import HIGH, LOW, MEASURES, OFI_LEVELS, OPEN
from processor.core.measures.own import NO_OWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.lots import Lots
    from processor.core.measures.layout import Floats, Ints
    from processor.core.measures.own import OwnMeasures
    from processor.core.measures.sampled import MeasureBars
    from processor.core.measures.traded import TradedBars

OF_BAR: Final = ("open", "high", "low", "close")
_IMBALANCES: Final = [
    number for number, name in enumerate(MEASURES) if name.startswith("obi_") and not name.startswith("obi_bp_")
]
"""What is 0 before there is a book."""


def column_of(measure: str, part: str) -> str:
    """The column of one of OF_BAR of a measure: the close of a depth has its plain name."""
    return measure if part == "close" and measure.startswith("depth_") else f"{measure}_{part}"


VALUE_COLUMNS: Final = [column_of(name, part) for part in OF_BAR for name in MEASURES]
FLOW_COLUMNS: Final = [*(f"ofi_{level}" for level in range(1, OFI_LEVELS + 1)), "trade_flow"]


@dataclass(frozen=True, slots=True)
class MeasureRows:
    """N intervals with a sample or a trade, oldest first.

    `values` (N x VALUE_COLUMNS) are in the instrument's own units, NaN before a measure's first value, and `flows`
    (N x FLOW_COLUMNS) too. Values repeat the close before where there is no sample; sums are 0 then. `own` (N x
    OF_BAR x `own_names`) has the values of one's own measures, NaN where there is none.
    """

    bucket: Ints
    values: Floats
    flows: Floats
    samples: Ints
    trades: Ints
    own: Floats
    own_names: tuple[str, ...] = ()

    def some(self, where: slice) -> MeasureRows:
        """Some of them."""
        return replace(
            self,
            bucket=self.bucket[where],
            values=self.values[where],
            flows=self.flows[where],
            samples=self.samples[where],
            trades=self.trades[where],
            own=self.own[where],
        )


def measure_rows(
    book: MeasureBars, traded: TradedBars, *, first_sampled: int | None, own: OwnMeasures = NO_OWN
) -> MeasureRows:
    """Put intervals of a book, with one's `own` measures, and of trades side by side.

    `first_sampled` names the dataset's first interval with samples if there is one with trades before it, in which an
    imbalance is 0.
    """
    bucket = np.union1d(book.bucket, traded.bucket)
    row, is_sampled = _rows(book.bucket, bucket)
    every = len(MEASURES)
    imbalances = [*_IMBALANCES, *range(every, every + len(own.depths))]
    values = np.full((len(bucket), len(OF_BAR), every + len(own.names)), np.nan)
    values[:, :, imbalances] = 0.0
    known = row >= 0
    if len(book):
        values[known] = book.values[row[known]]
    repeated = known & ~is_sampled
    values[repeated] = values[repeated][:, -1:]
    if first_sampled is not None and len(at := np.flatnonzero(bucket == first_sampled)):
        values[at[0], OPEN, imbalances] = 0.0
        values[at[0], HIGH, imbalances] = np.maximum(values[at[0], HIGH, imbalances], 0.0)
        values[at[0], LOW, imbalances] = np.minimum(values[at[0], LOW, imbalances], 0.0)
    traded_row, is_traded = _rows(traded.bucket, bucket)
    flows = np.zeros((len(bucket), len(FLOW_COLUMNS)))
    flows[is_sampled, :-1] = _units(book.flow[row[is_sampled]], book.size_decimals)
    flows[is_traded, -1] = _units(traded.flow[traded_row[is_traded]], traded.size_decimals)
    samples, trades = np.zeros(len(bucket), np.int64), np.zeros(len(bucket), np.int64)
    samples[is_sampled], trades[is_traded] = book.samples[row[is_sampled]], traded.trades[traded_row[is_traded]]
    usual = values[:, :, :every].reshape(len(bucket), len(VALUE_COLUMNS))
    return MeasureRows(bucket, usual, flows, samples, trades, values[:, :, every:], own.names)


def measures_frame(rows: MeasureRows) -> pl.DataFrame:
    """Columns `bucket`, VALUE_COLUMNS, `ofi`, FLOW_COLUMNS, the counts and one's own; those of a measure side by side.

    A value that is none is null.
    """
    numbers = {name: number for number, name in enumerate(VALUE_COLUMNS)}
    names = [column_of(name, part) for name in MEASURES for part in OF_BAR]
    columns = {"bucket": pl.Series(rows.bucket)}
    columns |= {name: pl.Series(rows.values[:, numbers[name]], nan_to_null=True) for name in names}
    columns["ofi"] = pl.Series(rows.flows[:, 0])
    columns |= {name: pl.Series(rows.flows[:, number]) for number, name in enumerate(FLOW_COLUMNS)}
    columns |= {"samples": pl.Series(rows.samples), "trades": pl.Series(rows.trades)}
    for number, name in enumerate(rows.own_names):
        columns |= {
            column_of(name, part): pl.Series(rows.own[:, at, number], nan_to_null=True)
            for at, part in enumerate(OF_BAR)
        }
    return pl.DataFrame(columns)


def _rows(of: Ints, bucket: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """For each bucket the last row of `of` by then, -1 for none, and whether it is of the bucket itself."""
    row = np.searchsorted(of, bucket, side="right").astype(np.int64) - 1
    known = row >= 0
    is_its_own = known.copy()
    is_its_own[known] = of[row[known]] == bucket[known]
    return row, is_its_own


def _units(lots: Lots, decimals: int) -> Floats:
    if lots.dtype == object:
        return np.array([each / 10**decimals for each in lots.ravel().tolist()]).reshape(lots.shape)
    return decimal_floats(lots.ravel(), decimals).reshape(lots.shape)
