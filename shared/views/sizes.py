"""sizes_data.json: the cumulative volume delta by order size."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES_FILE: Final = "sizes_data.json"


class SizesRow(msgspec.Struct, array_like=True, frozen=True):
    """One bar with a trade: the CVD of the orders of each size at its end, and the sizes that part the buckets.

    Bucket 0 has the orders below `edge_1`, bucket 1 those from there to below `edge_2`, and so on; null for fewer.
    """

    timestamp_ms: Integer
    bucket_0: float
    bucket_1: float | None
    bucket_2: float | None
    bucket_3: float | None
    edge_1: float
    edge_2: float | None
    edge_3: float | None


def _sizes_faults(rows: tuple[SizesRow, ...]) -> Iterator[str]:
    yield from too_many(rows)
    first = (rows[0].edge_1, rows[0].edge_2, rows[0].edge_3) if rows else ()
    for i, row in enumerate(rows):
        edges = (row.edge_1, row.edge_2, row.edge_3)
        buckets = (row.bucket_1, row.bucket_2, row.bucket_3)
        if None in edges + buckets and any(
            (edge is None) != (bucket is None) for edge, bucket in zip(edges, buckets, strict=True)
        ):
            yield f"row {i}: its buckets are not one more than its edges"
        if i and edges != first:
            yield f"row {i}: its edges are not those of the first row"
            continue
        known = [edge for edge in edges if edge is not None] if i == 0 else []
        # Two that differ may be one number, where they have more digits than that holds.
        if any(later < earlier for earlier, later in pairwise(known)):
            yield f"row {i}: its edges do not ascend"


SIZES: Final = View[tuple[SizesRow, ...]](
    name="sizes",
    file=SIZES_FILE,
    type=tuple[SizesRow, ...],
    empty=(),
    presence="asked",
    is_rows=True,
    faults=_sizes_faults,
    content=(
        f"*added*: `[[{', '.join(SizesRow.__struct_fields__)}], ...]`: the [CVD by order size](sizes.md) at the end of "
        "the newest bars with trades, oldest first; null for fewer buckets; no row before the edges are known"
    ),
    bound="1000 rows; on request",
)
