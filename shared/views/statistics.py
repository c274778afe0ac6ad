"""statistics_data.json: delta, value areas and VWAP of each bar, and of its session up to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

STATISTICS_FILE: Final = "statistics_data.json"


class StatisticsRow(msgspec.Struct, array_like=True, frozen=True):
    """One bar with a trade; `row` is the height of the price rows of POC, VAH and VAL; null without volume."""

    timestamp_ms: Integer
    row: float
    buy_volume: float
    sell_volume: float
    unknown_volume: float
    trades: Integer
    delta_max: float
    delta_min: float
    poc: float | None
    vah: float | None
    val: float | None
    vwap: float | None
    sigma: float | None
    duration_ms: Integer
    unfinished_high: bool
    unfinished_low: bool
    session_vwap: float | None
    session_sigma: float | None
    session_poc: float | None
    session_vah: float | None
    session_val: float | None
    dataset_vwap: float | None
    dataset_sigma: float | None


def _statistics_faults(rows: tuple[StatisticsRow, ...]) -> Iterator[str]:
    yield from too_many(rows)
    for i, row in enumerate(rows):
        if row.buy_volume < 0 or row.sell_volume < 0 or row.unknown_volume < 0 or row.trades < 1:
            yield f"row {i}: a volume is negative, or there is no trade"
        if row.delta_max < 0 or row.delta_min > 0:
            yield f"row {i}: the extremes of the delta leave out 0"
        for low, poc, high in ((row.val, row.poc, row.vah), (row.session_val, row.session_poc, row.session_vah)):
            if low is not None and poc is not None and high is not None:
                if not low <= poc < high:
                    yield f"row {i}: the POC is outside the value area"
            elif not (low is None and poc is None and high is None):
                yield f"row {i}: one of POC, VAH and VAL is null, and not all"


STATISTICS: Final = View[tuple[StatisticsRow, ...]](
    name="statistics",
    file=STATISTICS_FILE,
    type=tuple[StatisticsRow, ...],
    empty=(),
    presence="asked",
    is_rows=True,
    basis="row",
    faults=_statistics_faults,
    content=(
        f"*added*: `[[{', '.join(StatisticsRow.__struct_fields__)}], ...]`: the [statistics](statistics.md) of the "
        "newest bars with trades, oldest first; null where there is no volume"
    ),
    bound="1000 rows; on request",
)
