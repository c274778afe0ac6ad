"""What was traded in each interval, as far as it is set beside the measures of the book: trade flow and trades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from processor.core.lots import finer_lots
from processor.core.runs import run_starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.events import Trades
    from processor.core.lots import Lots
    from processor.core.measures.layout import Ints


@dataclass(frozen=True, slots=True)
class TradedBars:
    """Intervals with at least one trade, oldest first.

    `bucket` names the interval (see `Engine`), `flow` is the lots bought less the lots sold, `trades` counts.
    """

    bucket: Ints
    flow: Lots
    trades: Ints
    size_decimals: int

    def rows(self, where: slice) -> TradedBars:
        """Some of them."""
        return TradedBars(self.bucket[where], self.flow[where], self.trades[where], self.size_decimals)


def no_trades(size_decimals: int = 0) -> TradedBars:
    """No intervals."""
    nothing = np.empty(0, np.int64)
    return TradedBars(nothing, nothing, nothing, size_decimals)


def traded_bars(trades: Trades, buckets: Ints, *, is_narrow: bool) -> TradedBars:
    """Those of `trades`, of which `buckets` names the intervals; sums of their lots have room in 64 if `is_narrow`."""
    signed: Lots = trades.size_lots if is_narrow else trades.size_lots.astype(object)
    signed = signed * trades.aggressor.astype(signed.dtype)
    return _gathered(buckets, signed, np.ones(len(trades), np.int64), trades.size_decimals)


def joined(parts: Sequence[TradedBars]) -> TradedBars:
    """The intervals of successive parts, of which two may hold of one; there must be at least one part."""
    size_decimals = max(part.size_decimals for part in parts)
    flows = [finer_lots(part.flow, size_decimals - part.size_decimals) for part in parts]
    bucket = np.concatenate([part.bucket for part in parts])
    # Of two columns of int64, one interval's sums may need more together.
    flow = np.concatenate([part.astype(object) for part in flows])
    return _gathered(bucket, flow, np.concatenate([part.trades for part in parts]), size_decimals)


def _gathered(buckets: Ints, flow: Lots, trades: Ints, size_decimals: int) -> TradedBars:
    first = run_starts(buckets)
    if not len(first):
        return no_trades(size_decimals)
    return TradedBars(buckets[first], np.add.reduceat(flow, first), np.add.reduceat(trades, first), size_decimals)
