"""quotes_data.json: the best prices of the book at the end of each bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTES_FILE: Final = "quotes_data.json"


class QuotesRow(msgspec.Struct, array_like=True, frozen=True):
    """One bar: its start in ms since the Unix epoch (UTC), and the best prices of its last sample.

    They are those of the bar before where it has no sample, and None for an empty side.
    """

    timestamp_ms: Integer
    best_bid: float | None
    best_ask: float | None


def _quotes_faults(rows: tuple[QuotesRow, ...]) -> Iterator[str]:
    yield from too_many(rows)
    for i, row in enumerate(rows):
        if row.best_bid is None and row.best_ask is None:
            yield f"row {i}: has neither price"


QUOTES: Final = View[tuple[QuotesRow, ...]](
    name="quotes",
    file=QUOTES_FILE,
    type=tuple[QuotesRow, ...],
    empty=(),
    presence="asked",
    is_rows=True,
    faults=_quotes_faults,
    content=(
        "*added*: `[[timestamp_ms, best_bid, best_ask], ...]`: the best prices at the last sample up to the end of "
        "each bar, oldest first; null for an empty side, no row where both are"
    ),
    bound="1000 rows; on request",
)
