"""metrics_data.json: order-book imbalance and cumulative volume delta."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

METRICS_FILE: Final = "metrics_data.json"


class MetricsRow(msgspec.Struct, array_like=True, frozen=True):
    """One interval's order-book imbalance and cumulative volume delta; other writers may leave the CVD out."""

    timestamp_ms: Integer
    obi_open: float
    obi_high: float
    obi_low: float
    obi_close: float
    cvd_open: float | None = None
    cvd_high: float | None = None
    cvd_low: float | None = None
    cvd_close: float | None = None


def _metrics_faults(rows: tuple[MetricsRow, ...]) -> Iterator[str]:
    yield from too_many(rows)
    for i, row in enumerate(rows):
        low, high = row.obi_low, row.obi_high
        if not (low <= row.obi_open <= high and low <= row.obi_close <= high):
            yield f"row {i}: OBI open and close do not lie between low and high"
        if low < -1 or high > 1:
            yield f"row {i}: the OBI leaves [-1, 1]"
        open_, close, low_, high_ = row.cvd_open, row.cvd_close, row.cvd_low, row.cvd_high
        if open_ is None or close is None or low_ is None or high_ is None:
            continue
        if not (low_ <= open_ <= high_ and low_ <= close <= high_):
            yield f"row {i}: CVD open and close do not lie between low and high"


METRICS: Final = View[tuple[MetricsRow, ...]](
    name="metrics",
    file=METRICS_FILE,
    type=tuple[MetricsRow, ...],
    empty=(),
    presence="data",
    is_rows=True,
    faults=_metrics_faults,
    content=(
        "`[[timestamp_ms, obi_open, obi_high, obi_low, obi_close, cvd_open, cvd_high, cvd_low, cvd_close], ...]`, "
        "oldest first"
    ),
    bound="1000 rows",
)
