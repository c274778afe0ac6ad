"""heatmap_data.json: what rested in each price row of the newest bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

HEATMAP_FILE: Final = "heatmap_data.json"
MAX_HEATMAP_CELLS: Final = 100_000
"""Price rows of all columns and both sides together, empty ones between others included."""
MAX_HEATMAP_BYTES: Final = 480_000


class HeatmapRow(msgspec.Struct, array_like=True, frozen=True):
    """One column: its bar's start in ms since the Unix epoch (UTC), the height of its price rows, and what rests.

    `best_bid` and `best_ask` are null for an empty side. `bids` are the sizes in price rows that follow each other
    upwards, the first of which has its lower edge at `bid_row`. The lowest and the highest are above 0, others may be
    0. Without any, `bid_row` is null. The asks likewise.
    """

    timestamp_ms: Integer
    row: float
    best_bid: float | None
    best_ask: float | None
    bid_row: float | None
    bids: tuple[float, ...]
    ask_row: float | None
    asks: tuple[float, ...]


def _heatmap_faults(columns: tuple[HeatmapRow, ...]) -> Iterator[str]:
    yield from too_many(columns)
    cells = sum(len(column.bids) + len(column.asks) for column in columns)
    if cells > MAX_HEATMAP_CELLS:
        yield f"holds {cells} price rows, at most {MAX_HEATMAP_CELLS} are allowed"
    for i, column in enumerate(columns):
        if column.row <= 0:
            yield f"row {i}: the height of a price row is {column.row}"
        for name, edge, sizes in (("bids", column.bid_row, column.bids), ("asks", column.ask_row, column.asks)):
            if (edge is None) != (not sizes):
                yield f"row {i}: its {name} have sizes without a price row, or the other way round"
            if sizes and (min(sizes) < 0 or not sizes[0] or not sizes[-1]):
                yield f"row {i}: its {name} begin or end with an empty price row, or one has a negative size"


HEATMAP: Final = View[tuple[HeatmapRow, ...]](
    name="heatmap",
    file=HEATMAP_FILE,
    type=tuple[HeatmapRow, ...],
    empty=(),
    presence="asked",
    is_rows=True,
    basis="row",
    faults=_heatmap_faults,
    content=(
        f"*added*: `[[{', '.join(HeatmapRow.__struct_fields__)}], ...]`: the [heatmap](heatmap.md#the-file) of the "
        "newest bars with book samples or trades, oldest first; `row` is the height of a price row, and `bids` are the "
        "sizes of successive price rows from the one at `bid_row` upwards"
    ),
    bound="1000 rows, 480,000 bytes; on request",
)
