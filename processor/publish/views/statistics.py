"""statistics_data.json."""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Final

from processor.core.intervals import labels_ms
from processor.publish.views.base import BARS, Published
from processor.publish.views.flow import price_step
from shared import MAX_ROWS, encode
from shared.views.statistics import STATISTICS, StatisticsRow

if TYPE_CHECKING:
    import polars as pl

    from processor.core.engine import Engine
    from processor.core.flow.shown import ClosedStatistics

_COLUMNS: Final = StatisticsRow.__struct_fields__[2:]


def statistics_payload(engine: Engine) -> bytes | None:
    """statistics_data.json: the newest bars with trades, the open one last."""
    if engine.flow_shown is None:
        return None
    height = engine.aggregation.row or price_step(engine)
    row, interval_ns = float(height), engine.aggregation.interval_ns
    closed, last = engine.flow_shown.statistics(height)
    parts = [] if closed is None else _encoded(closed, row, interval_ns)
    return b"[" + b",".join([*parts, *_rows(last, row, interval_ns)][-MAX_ROWS:]) + b"]"


@lru_cache(maxsize=2)
def _encoded(closed: ClosedStatistics, row: float, interval_ns: int) -> list[bytes]:
    """Bars that have closed, which are published again and again."""
    return _rows(closed.frame, row, interval_ns)


def _rows(frame: pl.DataFrame, row: float, interval_ns: int) -> list[bytes]:
    labels = labels_ms(frame["bucket"].to_numpy(), interval_ns).tolist()
    # Not by a query of Polars, which takes longer than all else for the one row of an open bar.
    columns = (frame[name].to_list() for name in _COLUMNS)
    return [encode(each) for each in zip(labels, repeat(row), *columns, strict=False)]


PUBLISHED: Final = Published(STATISTICS, BARS, lambda moment: statistics_payload(moment.engine), needs_flow=True)
