"""The measures of a book and what was traded, as one table of intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from processor.core.decimals import decimal_floats
from processor.core.measures.kernel import HIGH, LOW, MEASURES, OFI_LEVELS, OPEN

if TYPE_CHECKING:
    from processor.core.lots import Lots
    from processor.core.measures.kernel import Floats, Ints
    from processor.core.measures.sampled import MeasureBars
    from processor.core.measures.traded import TradedBars

OF_BAR: Final = ("open", "high", "low", "close")
_IMBALANCES: Final = [
    number for number, name in enumerate(MEASURES) if name.startswith("obi_") and not name.startswith("obi_bp_")
]
"""What is 0 before there is a book."""


def measures_frame(book: MeasureBars, traded: TradedBars, *, first_sampled: int | None) -> pl.DataFrame:
    """A row for each interval with a sample or a trade, oldest first.

    Columns: `bucket`, `column_of` each of MEASURES and of OF_BAR (null before its first value), `ofi`, `ofi_1` to
    `ofi_10`, `trade_flow`, `samples`, `trades`. Values repeat the close before where there is no sample; sums are 0
    then. `first_sampled` names the dataset's first interval with samples if there is one with trades before it, in
    which an imbalance is 0.
    """
    bucket = np.union1d(book.bucket, traded.bucket)
    row, is_sampled = _rows(book.bucket, bucket)
    values = np.full((len(bucket), 4, len(MEASURES)), np.nan)
    values[:, :, _IMBALANCES] = 0.0
    known = row >= 0
    values[known] = book.values[row[known]]
    repeated = known & ~is_sampled
    values[repeated] = values[repeated][:, -1:]
    _open_at_nothing(values, bucket, first_sampled)
    traded_row, is_traded = _rows(traded.bucket, bucket)
    columns = {"bucket": pl.Series(bucket)}
    columns |= {
        column_of(name, part): pl.Series(values[:, k, number], nan_to_null=True)
        for number, name in enumerate(MEASURES)
        for k, part in enumerate(OF_BAR)
    }
    flows = [_units(book.flow[:, level], row, is_sampled, book.size_decimals) for level in range(OFI_LEVELS)]
    columns |= {"ofi": flows[0]} | {f"ofi_{level}": flow for level, flow in enumerate(flows, 1)}
    columns["trade_flow"] = _units(traded.flow, traded_row, is_traded, traded.size_decimals)
    columns["samples"] = pl.Series(_counts(book.samples, row, is_sampled))
    columns["trades"] = pl.Series(_counts(traded.trades, traded_row, is_traded))
    return pl.DataFrame(columns)


def column_of(measure: str, part: str) -> str:
    """The column of one of OF_BAR of a measure: the close of a depth has its plain name."""
    return measure if part == "close" and measure.startswith("depth_") else f"{measure}_{part}"


def _rows(of: Ints, bucket: Ints) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """For each bucket the last row of `of` by then, -1 for none, and whether it is of the bucket itself."""
    row = np.searchsorted(of, bucket, side="right").astype(np.int64) - 1
    known = row >= 0
    is_its_own = known.copy()
    is_its_own[known] = of[row[known]] == bucket[known]
    return row, is_its_own


def _open_at_nothing(values: Floats, bucket: Ints, first_sampled: int | None) -> None:
    if first_sampled is None:
        return
    at = np.searchsorted(bucket, first_sampled)
    if at < len(bucket) and bucket[at] == first_sampled:
        values[at, OPEN, _IMBALANCES] = 0.0
        values[at, HIGH, _IMBALANCES] = np.maximum(values[at, HIGH, _IMBALANCES], 0.0)
        values[at, LOW, _IMBALANCES] = np.minimum(values[at, LOW, _IMBALANCES], 0.0)


def _units(lots: Lots, row: Ints, there: np.ndarray[tuple[int], np.dtype[np.bool_]], decimals: int) -> pl.Series:
    floats = np.zeros(len(row))
    found = lots[row[there]]
    if len(found):
        whole = pl.Series(found) if found.dtype != object else pl.Series(found.tolist(), dtype=pl.Int128())
        floats[there] = decimal_floats(whole, decimals)
    return pl.Series(floats)


def _counts(counts: Ints, row: Ints, there: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ints:
    found = np.zeros(len(row), np.int64)
    found[there] = counts[row[there]]
    return found
