"""metrics_data.json: order-book imbalance and cumulative volume delta."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared.views.base import View, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

METRICS_FILE: Final = "metrics_data.json"


class MetricsRow(msgspec.Struct, array_like=True, frozen=True):
    """One interval's order-book imbalance and cumulative volume delta; other writers may leave the CVD out."""

    timestamp_ms: int
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
        if not row.obi_low <= min(row.obi_open, row.obi_close) <= max(row.obi_open, row.obi_close) <= row.obi_high:
            yield f"row {i}: OBI open and close do not lie between low and high"
        if row.obi_low < -1 or row.obi_high > 1:
            yield f"row {i}: the OBI leaves [-1, 1]"
        cvd = (row.cvd_open, row.cvd_high, row.cvd_low, row.cvd_close)
        if None in cvd:
            continue
        open_, high, low, close = (value or 0.0 for value in cvd)
        if not low <= min(open_, close) <= max(open_, close) <= high:
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
