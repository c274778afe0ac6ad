"""measures_data.json: measures of the book, such as spread, weighted mid, imbalances and order flow imbalance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

MEASURES_FILE: Final = "measures_data.json"
MAX_MEASURES_BYTES: Final = 480_000
"""The oldest bars are left out of a file that would be longer."""
CANDLES: Final = ("spread", "mid", "weighted_mid", "obi_1", "obi_5", "obi_10", "obi_20", "obi_bp_10")
"""Measures that have an open, high, low and close; of the others there is the close, or a sum."""


class MeasuresRow(msgspec.Struct, array_like=True, frozen=True):
    """One bar with a sample or a trade; null before a measure has its first value."""

    timestamp_ms: Integer
    spread_open: float | None
    spread_high: float | None
    spread_low: float | None
    spread_close: float | None
    mid_open: float | None
    mid_high: float | None
    mid_low: float | None
    mid_close: float | None
    weighted_mid_open: float | None
    weighted_mid_high: float | None
    weighted_mid_low: float | None
    weighted_mid_close: float | None
    obi_1_open: float
    obi_1_high: float
    obi_1_low: float
    obi_1_close: float
    obi_5_open: float
    obi_5_high: float
    obi_5_low: float
    obi_5_close: float
    obi_10_open: float
    obi_10_high: float
    obi_10_low: float
    obi_10_close: float
    obi_20_open: float
    obi_20_high: float
    obi_20_low: float
    obi_20_close: float
    obi_bp_10_open: float | None
    obi_bp_10_high: float | None
    obi_bp_10_low: float | None
    obi_bp_10_close: float | None
    obi_0: float
    obi_bp_5: float | None
    obi_bp_25: float | None
    obi_bp_100: float | None
    depth_bid_bp_5: float | None
    depth_ask_bp_5: float | None
    depth_bid_bp_10: float | None
    depth_ask_bp_10: float | None
    depth_bid_bp_25: float | None
    depth_ask_bp_25: float | None
    depth_bid_bp_100: float | None
    depth_ask_bp_100: float | None
    ofi_1: float
    ofi_2: float
    ofi_3: float
    ofi_4: float
    ofi_5: float
    ofi_6: float
    ofi_7: float
    ofi_8: float
    ofi_9: float
    ofi_10: float
    trade_flow: float
    samples: Integer
    trades: Integer
    own: tuple[float | None, ...] = ()


def _measures_faults(rows: tuple[MeasuresRow, ...]) -> Iterator[str]:
    yield from too_many(rows)
    for i, row in enumerate(rows):
        for name in CANDLES:
            open_, high, low, close = (getattr(row, f"{name}_{part}") for part in ("open", "high", "low", "close"))
            known = [each for each in (open_, high, low, close) if each is not None]
            if len(known) not in {0, 4}:
                yield f"row {i}: one value of {name} is null, and not all"
            elif known and not low <= min(open_, close) <= max(open_, close) <= high:
                yield f"row {i}: open and close of {name} do not lie between low and high"
            elif known and name.startswith("obi_") and (low < -1 or high > 1):
                yield f"row {i}: {name} leaves [-1, 1]"
        if len(row.own) != len(rows[0].own):
            yield f"row {i}: it has {len(row.own)} values of own measures, and others have {len(rows[0].own)}"
        if min(row.samples, row.trades) < 0 or row.samples + row.trades == 0:
            yield f"row {i}: it has neither a sample nor a trade"


MEASURES: Final = View[tuple[MeasuresRow, ...]](
    name="measures",
    file=MEASURES_FILE,
    type=tuple[MeasuresRow, ...],
    empty=(),
    presence="asked",
    is_rows=True,
    faults=_measures_faults,
    content=(
        f"*added*: `[[{', '.join(MeasuresRow.__struct_fields__)}], ...]`: the [measures of the book](measures.md) of "
        "the newest bars, oldest first; null before the first value. `own`, which is absent where there are none, is a "
        "list: the closes of the `own_measures` of status.json"
    ),
    bound="1000 rows and 480 kB; on request",
)
