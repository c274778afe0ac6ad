"""Cross-checks of the order flow: what has been gathered by price is compared with what was added up without prices."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.flow.cells import LOTS

if TYPE_CHECKING:
    import polars as pl

    from processor.core.aggregates.bars import TradeBars
    from processor.core.flow.kept import Flow

FLOW_CHECKS: Final = ("footprint_is_bar", "sessions_are_all_trades")


def flow_checks(flow: Flow | None, rows: pl.DataFrame, trade_bars: TradeBars) -> dict[str, bool | None]:
    """Whether they hold, with the `rows` of the engine; null where there is nothing to check.

    `footprint_is_bar`: the cells of each kept bar come to its volumes by side, its trades and its CVD step.
    `sessions_are_all_trades`: the averages since the dataset's start are over all that was traded, and no session has
    more than that.
    """
    if flow is None or not len(cells := flow.cells):
        return dict.fromkeys(FLOW_CHECKS)
    cells = cells.finer(max(cells.price_decimals, trade_bars.price_decimals), trade_bars.size_decimals)
    # Bars that have closed and were found right stay so: only those since are looked at.
    since = 0 if flow.checked is None else int(np.searchsorted(cells.bucket, flow.checked, side="right"))
    bars = cells.pieces(slice(since, None)).of_bars()
    sides = {name.replace("lots", "volume"): bars.sums(getattr(bars, name)) for name in LOTS}
    # A replay may keep fewer bars of one kind than of the other, but those that both keep are the same.
    from_row = int(np.searchsorted(rows["bucket"].to_numpy(), bars.bucket[0]))
    columns = {name: rows[name][from_row:].to_list() for name in ("bucket", "trades", *sides)}
    of_rows = np.isin(bars.bucket, columns["bucket"])
    traded_rows = [row for row, trades in enumerate(columns["trades"]) if trades > 0]
    sides["trades"] = bars.sums(bars.trades)
    agree = [[columns[name][row] for row in traded_rows] == found[of_rows].tolist() for name, found in sides.items()]
    if all(agree) and len(bars) > 1:
        flow.checked = int(bars.bucket[-2])
    now, traded = flow.now, trade_bars.traded
    of_session = [int(getattr(now.session, name).sum()) for name in LOTS]
    all_of_it = now.dataset.lots == traded.volume
    within = all(part <= whole for part, whole in zip(of_session, astuple(traded), strict=True))
    return {"footprint_is_bar": all(agree), "sessions_are_all_trades": all_of_it and within}
